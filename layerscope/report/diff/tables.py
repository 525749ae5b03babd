"""Differences between two layers or two images, for people: the steps first, then the paths, then the rest."""

from collections.abc import Iterator
from typing import TextIO

from rich.console import Group, RenderableType
from rich.text import Text

from layerscope.analysis.comparison.cache_story import cache_story
from layerscope.comparison.compare import ImageComparison
from layerscope.comparison.filtered import FilteredComparison
from layerscope.report.diff.aligned_steps import aligned_table
from layerscope.report.diff.config_and_packages import config_table, package_table
from layerscope.report.diff.lines import write_diff_lines
from layerscope.report.diff.moves import move_lines
from layerscope.report.diff.patch import write_patch
from layerscope.report.diff.stat import write_diff_stat
from layerscope.report.diff.summary import no_difference_line, summary_line
from layerscope.report.layers.summary import image_summary, layer_title
from layerscope.report.tables import figures, instruction_line, section, show
from layerscope.text import human_size, plural, printable_line


def write_diff_tables(view: FilteredComparison, file: TextIO, *, stat: bool = False, patch: bool = False) -> None:
    """Print the comparison; ``stat`` sums the paths up by directory, ``patch`` adds the differences of texts.

    The paths are written one by one: there may be a million.
    """
    show(_head(view), file)
    if len(view.diff):
        uncertain = f", {len(view.uncertain):,} of them uncertain" if view.uncertain else ""
        file.write(f"\nPaths: {summary_line(view.diff.summary)}{uncertain}\n")
        if stat:
            write_diff_stat(view.tree, file)
        else:
            write_diff_lines(view.diff, file, view.uncertain)
    _write_moves(view, file, stat=stat)
    if view.images is not None and view.is_whole:
        show(Group(*_image_sections(view.images)), file)
    if not view.differs:
        file.write(f"\n{no_difference_line(view)}\n")
    if patch:
        write_patch(view, file)


def _head(view: FilteredComparison) -> RenderableType:
    if view.images is not None:
        return Group(*_image_head(view, view.images))
    return Group(*_layer_head(view))


def _image_head(view: FilteredComparison, images: ImageComparison) -> Iterator[RenderableType]:
    for word, loaded in (("from", view.old), ("to", view.new)):
        yield Text(f"{word:<4}  {image_summary(loaded.image, loaded.tallies)}", overflow="fold")
    story = cache_story(images.alignment, images.rebuilt)
    yield Text()
    yield from (Text(printable_line(sentence), "bold", overflow="fold") for sentence in story)
    if images.pull_size is not None:
        pull = human_size(images.pull_size)
        yield Text(f"A machine that has the old image pulls {pull} for the new one.", overflow="fold")
    yield Text()
    yield aligned_table(view)


def _layer_head(view: FilteredComparison) -> Iterator[RenderableType]:
    before, after = view.sides
    image = view.old.image
    yield Text(image_summary(image, view.old.tallies), overflow="fold")
    yield Text()
    yield Text(_heading(before, after, own=view.own), "bold", overflow="fold")
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
        return f"From layer {before} back to layer {after}, without:" if before > after + 1 else _back(before)
    start = f"layer {before}" if before else "nothing"
    return f"From {start} to layer {after}:"


def _back(layer: int) -> str:
    return f"From layer {layer} back to the layer before it, without:"


def _write_moves(view: FilteredComparison, file: TextIO, *, stat: bool) -> None:
    if not view.moves:
        return
    if stat:
        size = human_size(sum(move.size for move in view.moves))
        file.write(f"\nMoved, with the same content: {plural(len(view.moves), 'file')}, {size}\n")
        return
    file.write("\nMoved, with the same content\n")
    file.writelines(f"{line}\n" for line in move_lines(view.moves))


def _image_sections(images: ImageComparison) -> Iterator[RenderableType]:
    for title, grid in (("Config", config_table(images.config)), ("Packages", package_table(images.packages))):
        yield from section(title, [] if grid.is_empty else [grid])
