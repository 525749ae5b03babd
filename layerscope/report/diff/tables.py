"""Differences between two layers or two images, for people: the steps first, then the paths, then the rest."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from layerscope.analysis.comparison.cache_story import WRONG_DIGEST, cache_story, layer_numbers
from layerscope.analysis.comparison.config_and_packages import ConfigChange, ConfigValue, PackageChange
from layerscope.analysis.comparison.diff import DiffSummary
from layerscope.analysis.comparison.digest_causes import DigestReport, Part
from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.analysis.tree.change import ChangeKind
from layerscope.comparison.compare import ImageComparison
from layerscope.comparison.filtered import FilteredComparison
from layerscope.report.colors import CHANGE_STYLES
from layerscope.report.diff.paths import move_lines, write_diff_lines, write_diff_stat, write_patch
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.report.tables import (
    LEAST_INSTRUCTION,
    Block,
    Grid,
    GridColumn,
    Line,
    Paragraph,
    figures,
    instruction_line,
    section,
    show,
)
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.summary import image_summary, layer_title, printable_title
from layerscope.text import exec_form, human_size, plural, printable_line, signed_size

_NO_LAYER = "·"
_STYLES = {
    Relation.SAME: "dim",
    Relation.CHANGED: "yellow",
    Relation.ONLY_OLD: "red",
    Relation.ONLY_NEW: "green",
}
_EXAMPLES = GridColumn("such as", is_flexible=True)
_RELATIONS = {Relation.ONLY_OLD: "only in old", Relation.ONLY_NEW: "only in new"}


def write_diff_tables(
    view: FilteredComparison,
    file: TextIO,
    digests: DigestReport | None = None,
    *,
    stat: bool = False,
    patch: bool = False,
    limit: Limit = NO_LIMIT,
) -> None:
    """Print the comparison; ``stat`` sums the paths up by directory, ``patch`` adds the differences of texts.

    The paths are written one by one: there may be a million.
    """
    show(_layer_head(view) if view.images is None else _image_head(view, view.images), file)
    if len(view.diff):
        uncertain = f", {len(view.uncertain):,} of them uncertain" if view.uncertain else ""
        file.write(f"\nPaths: {_summary_line(view.diff.summary)}{uncertain}\n")
        if stat:
            write_diff_stat(view.tree, file, limit)
        else:
            write_diff_lines(view.diff, file, view.uncertain, limit)
    _write_moves(view, file, stat=stat)
    if view.images is not None and view.is_whole:
        show(_image_sections(view.images), file)
    if not view.differs:
        file.write(f"\n{_no_difference_line(view)}\n")
    if digests is not None:
        show(_digest_section(digests), file)
    if patch:
        write_patch(view, file)


def _digest_section(digests: DigestReport) -> Iterator[Block]:
    """Yield why the digests differ, a line for each cause, and what mends them."""
    yield Paragraph()
    yield Paragraph(digests.verdict, "bold")
    grid = Grid(GridColumn(""), GridColumn("cause"), GridColumn("entries", is_right=True), _EXAMPLES)
    compressed: dict[str, list[int]] = {}
    for cause in digests.causes:
        if cause.part is Part.COMPRESSION and cause.layer is not None:
            compressed.setdefault(cause.words, []).append(cause.layer[1] or 0)
    for kind, layers in compressed.items():
        grid.add_row(layer_numbers(layers), kind, "", "")
    for cause in digests.causes:
        if cause.part is not Part.COMPRESSION:
            style = "" if cause.explanation else "yellow"
            grid.add_row(cause.subject, Line(cause.words, style), f"{cause.entries:,}", Line(cause.example_words))
    if not grid.is_empty:
        yield grid
    yield from (Paragraph(sentence) for sentence in digests.remedies)


def _image_head(view: FilteredComparison, images: ImageComparison) -> Iterator[Block]:
    for word, loaded in (("from", view.old), ("to", view.new)):
        yield Paragraph(f"{word:<4}  {image_summary(loaded.image, loaded.tallies)}")
    story = cache_story(images.alignment, images.rebuilt)
    yield Paragraph()
    yield from (Paragraph(printable_line(sentence), "bold") for sentence in story)
    if images.pull_size is not None:
        pull = human_size(images.pull_size)
        yield Paragraph(f"A machine that has the old image pulls {pull} for the new one.")
    yield Paragraph()
    yield _aligned_table(view)


def _layer_head(view: FilteredComparison) -> Iterator[Block]:
    before, after = view.sides
    image = view.old.image
    yield Paragraph(image_summary(image, view.old.tallies))
    yield Paragraph()
    yield Paragraph(_heading(before, after, own=view.own), "bold")
    low, high = sorted(view.sides)
    numbers = view.sides if view.own else range(low + 1, high + 1)
    table = figures("", "content", last="instruction")
    for number in numbers:
        tally = view.old.tallies.layers[number]
        table.add_row(str(number), human_size(tally.content_size), instruction_line(layer_title(image, number)))
    if numbers:
        yield table


def _heading(before: int, after: int, *, own: bool) -> str:
    if own:
        return f"The entries of layer {before} and those of layer {after}:"
    if before > after:
        target = f"layer {after}" if before > after + 1 else "the layer before it"
        return f"From layer {before} back to {target}, without:"
    start = f"layer {before}" if before else "nothing"
    return f"From {start} to layer {after}:"


def _write_moves(view: FilteredComparison, file: TextIO, *, stat: bool) -> None:
    if not view.moves:
        return
    if stat:
        size = human_size(sum(move.size for move in view.moves))
        file.write(f"\nMoved, with the same content: {plural(len(view.moves), 'file')}, {size}\n")
        return
    file.write("\nMoved, with the same content\n")
    file.writelines(f"{line}\n" for line in move_lines(view.moves))


def _image_sections(images: ImageComparison) -> Iterator[Block]:
    for title, grid in (("Config", _config_table(images.config)), ("Packages", _package_table(images.packages))):
        yield from section(title, [] if grid.is_empty else [grid])


def _aligned_table(view: FilteredComparison) -> Grid:
    """Return a row for each layer, and for each step without one that differs between the images."""
    images = view.images
    grid = Grid(
        GridColumn("from", is_right=True),
        GridColumn("content", is_right=True, is_optional=True),
        GridColumn("to", is_right=True),
        GridColumn("content", is_right=True, is_optional=True),
        GridColumn("relation"),
        GridColumn("instruction", is_flexible=True, least=LEAST_INSTRUCTION),
    )
    for step in images.alignment.steps if images else ():
        if images is not None and (step.old_layer or step.new_layer or step.relation is not Relation.SAME):
            grid.add_row(
                _number(step.old_layer),
                _content(view.old, step.old_layer),
                _number(step.new_layer),
                _content(view.new, step.new_layer),
                Line(relation_words(step, images), _STYLES[step.relation]),
                instruction_line(printable_title(step.title)),
            )
    return grid


def _number(layer: int | None) -> str:
    return _NO_LAYER if layer is None else str(layer)


def _content(loaded: LoadedImage, layer: int | None) -> str:
    return human_size(loaded.tallies.layers[layer].content_size) if layer else ""


def relation_words(step: AlignedStep, images: ImageComparison) -> str:
    """Return how the two steps are related; a layer that was rebuilt may have the same content."""
    if step.relation is Relation.CHANGED and images.rebuilt.get(step):
        return "rebuilt, same content"
    if step.relation is Relation.SAME and step in images.rebuilt:
        return WRONG_DIGEST
    return _RELATIONS.get(step.relation, step.relation.value)


def _config_table(changes: Iterable[ConfigChange]) -> Grid:
    """Return a row for each field of the config that differs."""
    grid = _grid("", "field", "name", "from", "to")
    for change in changes:
        kind = _kind(change.before, change.after)
        grid.add_row(_mark(kind), change.field, _line(change.name), _line(change.before), _line(change.after))
    return grid


def _package_table(changes: Iterable[PackageChange]) -> Grid:
    grid = _grid("", "manager", "package", "from", "to", "layer")
    for change in changes:
        versions = (_line(", ".join(side)) for side in (change.before, change.after))
        grid.add_row(_mark(change.change), change.manager, _line(change.name), *versions, str(change.layer or ""))
    return grid


def _grid(*titles: str) -> Grid:
    return Grid(*(GridColumn(title, is_flexible=bool(title)) for title in titles))


def _kind(before: ConfigValue | None, after: ConfigValue | None) -> ChangeKind:
    if before is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if after is None else ChangeKind.MODIFIED


def _mark(change: ChangeKind) -> Line:
    return Line(change.mark, CHANGE_STYLES[change])


def _line(value: ConfigValue | None) -> Line:
    """Return a value as one line; a list as a Dockerfile writes it."""
    text = exec_form(value) if isinstance(value, tuple) else printable_line(value or "")
    return Line(text, is_folded=True)


def _summary_line(summary: DiffSummary) -> str:
    """Return the counts and the size: ``2 added, 3 modified, 1 removed, +12 kB``."""
    counts = (("added", summary.added), ("modified", summary.modified), ("removed", summary.removed))
    words = [f"{count:,} {word}" for word, count in counts if count]
    return ", ".join([*words, signed_size(summary.size_delta)]) if words else "no path differs"


def _no_difference_line(view: FilteredComparison) -> str:
    """Return a sentence for a comparison without differences, which says no more than was selected and readable."""
    if any(view.broken_layers):
        return "No difference was found in the layers that could be read."
    if not view.is_whole:
        return "No selected path differs."
    return "No path differs." if view.images is None else "No path, setting or package differs."
