"""The differences between two images, short enough for a comment on a pull request: as Markdown, or as a page.

The same images give the same text, so that a bot can update its comment.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from layerscope.analysis.comparison.cache_story import cache_story
from layerscope.analysis.comparison.config_and_packages import ConfigChange, ConfigValue
from layerscope.analysis.comparison.diff_tree import AFTER, DiffTree
from layerscope.analysis.comparison.layer_alignment import Relation
from layerscope.analysis.size.dead import DeadEntry, dead_groups
from layerscope.comparison.compare import ImageComparison, pull_size
from layerscope.report.diff.tables import relation_words
from layerscope.report.escape import in_markdown
from layerscope.report.page.elements import element, joined, prose, section, size_table
from layerscope.report.page.html import filled, tile
from layerscope.report.page.markdown import table_in_markdown
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import (
    Bar,
    Cell,
    Column,
    Figure,
    InstructionText,
    Paths,
    ReportTable,
    Words,
    dead_table,
    secret_table,
)
from layerscope.session.summary import printable_title
from layerscope.text import exec_form, human_size, plural, printable_line, short_name, shortened, signed_size

LONGEST = 65_536
"""The most characters of a comment on GitHub."""

_MOST = (10, 5, 2, 0)
"""The most rows of each table; the first that makes the text short enough."""

_LONGEST_CELL = 160
_STEP_WORDS = {Relation.ONLY_OLD: "removed", Relation.ONLY_NEW: "added"}
_EXPANDED = 5
"""A folder is taken apart if one of its entries has this part of its growth, or more."""

_HIDDEN = r"\w*(?:pass|secret|token|key|credential|auth)\w*"
_ASSIGNED = re.compile(rf"({_HIDDEN}=)(?:\"[^\"]*\"?|'[^']*'?|\S+)", re.IGNORECASE)
"""Variables and labels whose values a comment does not repeat."""

_NOT_SHOWN = "(not shown)"
_CUT = "Rows were left out, so that this fits into a comment; `layerscope diff` prints all."


class _Figures(NamedTuple):
    """A size, or a count, before and after; None: unknown, or nothing."""

    title: str
    before: str
    after: str
    change: str = ""

    @property
    def tile_title(self) -> str:
        """The title where only one figure is below it."""
        return f"{self.title}, {self.before} before" if self.before else self.title


def markdown_summary(images: ImageComparison) -> str:
    """Return the summary as Markdown; this reads layers and file contents as needed."""
    return _shortest(partial(_markdown, _Summary(images)))


def html_summary(images: ImageComparison) -> str:
    """Return the summary as one page that needs no network; this reads layers and file contents as needed."""
    return _shortest(partial(_page, _Summary(images)))


def _shortest(write: Callable[[int], str]) -> str:
    text = ""
    for most in _MOST:
        text = write(most)
        if len(text) <= LONGEST:
            break
    return text


def _markdown(summary: "_Summary", most: int) -> str:
    lines = [f"### {in_markdown(summary.title)}", "", *table_in_markdown(summary.figures, None)]
    for sentence in summary.sentences:
        lines += ["", in_markdown(sentence)]
    for title, table in summary.tables:
        lines += ["", f"#### {title}", "", *table_in_markdown(table, most)]
    lines += ["", f"_{_CUT}_"] if summary.is_cut(most) else []
    return "\n".join(lines) + "\n"


def _page(summary: "_Summary", most: int) -> str:
    parts = [
        section(_anchor(title), title, _left_out(table, most), size_table(table, most))
        for title, table in summary.tables
    ]
    if summary.is_cut(most):
        parts.append(element("p", _CUT.replace("`", "")))
    rows: Sequence[_Figures] = summary.figures.rows
    content = {
        "TITLE": joined([summary.title]),
        "NAVIGATION": joined(element("a", title, href=f"#{_anchor(title)}") for title, _ in summary.tables),
        "NAME": joined([summary.title]),
        "FACTS": "",
        "VERDICT": prose(summary.sentences[0]),
        "TILES": joined(tile(row.tile_title, row.after, row.change) for row in rows),
        "REMARKS": joined(element("p", prose(remark), class_="remark") for remark in summary.sentences[1:]),
        "SECTIONS": joined(parts),
        "SOURCE": joined([summary.old_name, " and ", summary.new_name]),
        "TREE": "[]",
    }
    return filled(content)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _left_out(table: ReportTable[Any], most: int) -> str:
    more = len(table.rows) - most
    return f"The first {most} of {plural(len(table.rows), table.noun or 'row')}." if more > 0 else ""


class _Summary:
    """The content of the summary, in either format."""

    def __init__(self, images: ImageComparison) -> None:
        self._images = images
        self._old, self._new = SizeAnalysis(images.old), SizeAnalysis(images.new)
        self.old_name, self.new_name = (short_name(side.image.name) for side in (images.old, images.new))
        self.title = f"{self.new_name} compared with {self.old_name}"
        columns = [
            _column("", lambda row: row.title),
            _figure("before", lambda row: row.before),
            _figure("after", lambda row: row.after),
            _figure("change", lambda row: row.change),
        ]
        self.figures = _table(columns, [*self._figure_rows()], None)
        self.sentences = [*self._sentences()]
        self.tables = [(title, _short(table)) for title, table in self._tables() if table.rows]

    def is_cut(self, most: int) -> bool:
        return any(len(table.rows) > most for _, table in self.tables)

    def _figure_rows(self) -> Iterator[_Figures]:
        old, new = self._images.old, self._images.new
        yield _sizes("content", old.tallies.content_size, new.tallies.content_size)
        pulls = pull_size(old), pull_size(new)
        change = _sizes("", pulls[0].size, pulls[1].size).change
        yield _Figures("pull, from nothing", pulls[0].words, pulls[1].words, change)
        yield _Figures("pull, with the old image", "", self._images.pulled.words)
        yield _sizes("dead bytes", self._old.report.dead_size, self._new.report.dead_size)
        before, after = len(old.image.layers), len(new.image.layers)
        yield _Figures("layers", f"{before}", f"{after}", f"{after - before:+}" if before != after else "")

    def _sentences(self) -> Iterator[str]:
        images = self._images
        story = " ".join(cache_story(images.alignment, images.rebuilt))
        yield _masked(printable_line(story))
        if images.pull_size is None:
            yield "Layers are not stored compressed here: what a pull takes is less."
        for name, side in ((self.old_name, images.old), (self.new_name, images.new)):
            errors = {number: tally.error for number, tally in side.tallies.layers.items() if tally.error}
            for number, error in [*errors.items()][:1]:
                first = f"layer {number}: {shortened(printable_line(error), _LONGEST_CELL)}"
                yield f"{plural(len(errors), 'layer')} of {name} could not be read whole, the first {first}"

    def _tables(self) -> Iterator[tuple[str, ReportTable[Any]]]:
        known = {(secret.path, secret.kind) for secret in self._old.report.secrets}
        secrets = [each for each in self._new.report.secrets if (each.path, each.kind) not in known]
        yield "New secrets", secret_table(self._new)._replace(rows=secrets)
        yield "Steps that changed", self._step_table()
        yield "Largest growths", _growth_table(self._images.tree)
        dead_columns = [column for column in dead_table(self._new).columns if column.title != "hidden by"]
        yield "New dead bytes", _table(dead_columns, dead_groups(self._new_dead()), "cause")
        packages = [
            _column("", lambda row: row.change.mark),
            _column("by", lambda row: row.manager),
            _column("package", lambda row: row.name),
            _column("before", lambda row: ", ".join(row.before), 0),
            _column("after", lambda row: ", ".join(row.after), 0),
        ]
        yield "Packages", _table(packages, sorted(self._images.packages, key=lambda row: row.change), "package")
        settings = [
            _column("field", lambda row: row.field),
            _column("name", lambda row: row.name or ""),
            _column("before", lambda row: _value(row, row.before), 0),
            _column("after", lambda row: _value(row, row.after), 0),
        ]
        yield "Config", _table(settings, self._images.config, "setting")

    def _new_dead(self) -> Iterator[DeadEntry]:
        """Yield the dead files of the new image without as many of the same path, size and reason in the old one."""
        known = Counter((entry.path, entry.size, entry.reason) for entry in self._old.report.dead.entries)
        for entry in self._new.report.dead.entries:
            known[entry.path, entry.size, entry.reason] -= 1
            if known[entry.path, entry.size, entry.reason] < 0:
                yield entry

    def _step_table(self) -> ReportTable[Any]:
        images = self._images
        rows = [step for step in images.alignment.steps if step.relation is not Relation.SAME or step in images.rebuilt]

        def content(loaded: LoadedImage, layer: int | None) -> str:
            return human_size(loaded.tallies.layers[layer].content_size) if layer else ""

        columns = [
            _figure("from", lambda row: f"{row.old_layer or ''}"),
            _figure("content", lambda row: content(images.old, row.old_layer)),
            _figure("to", lambda row: f"{row.new_layer or ''}"),
            _figure("content", lambda row: content(images.new, row.new_layer)),
            _column("", lambda row: _STEP_WORDS.get(row.relation) or relation_words(row, images)),
            Column("instruction", InstructionText, lambda row: InstructionText(printable_title(row.title))),
        ]
        return _table(columns, rows, "step")


def _sizes(title: str, before: int | None, after: int | None) -> _Figures:
    known = before is not None and after is not None
    change = signed_size((after or 0) - (before or 0)) if known and before != after else ""
    return _Figures(title, human_size(before), human_size(after), change)


def _table(columns: Sequence[Column[Any]], rows: Sequence[Any], noun: str | None) -> ReportTable[Any]:
    return ReportTable(columns, rows, lambda _: 0, noun)


def _figure(title: str, text: Callable[[Any], str]) -> Column[Any]:
    return Column(title, Figure, lambda row: Figure(text(row)))


def _column(title: str, words: Callable[[Any], str], width: int = 1) -> Column[Any]:
    return Column(title, Words, lambda row: Words(printable_line(words(row))), width)


def _value(change: ConfigChange, value: ConfigValue | None) -> str:
    if value and re.search(_HIDDEN, change.name or "", re.IGNORECASE):
        return _NOT_SHOWN
    return exec_form(value) if isinstance(value, tuple) else value or ""


def _growth_table(tree: DiffTree) -> ReportTable[Any]:
    """Return the files that grew most, and the folders whose growth no single entry explains."""

    def delta(node: int) -> int:
        total = tree.totals.get(node)
        return tree.own_delta(node) + (total.size_delta if total else 0)

    nodes, folders = list[int](), [0]
    while folders:
        folder = folders.pop()
        grown = [node for node in tree.index.children(folder) if delta(node) > 0]
        if folder and _EXPANDED * max(map(delta, grown), default=0) < delta(folder):
            nodes.append(folder)
        else:
            folders += grown
    nodes.sort(key=lambda node: (-delta(node), node))

    def path(node: int) -> bytes:
        return tree.index.path(node) + (b"/" if tree.is_directory(node, AFTER) else b"")

    def count(node: int) -> str:
        return f"{tree.totals[node].changes:,}" if node in tree.totals else ""

    columns = [
        _figure("growth", lambda node: signed_size(delta(node))),
        _figure("paths", count),
        Column("path", Paths, lambda node: Paths([path(node)])),
    ]
    return _table(columns, nodes, "path")


def _short(table: ReportTable[Any]) -> ReportTable[Any]:
    """Return the table with long cells cut."""
    return table._replace(columns=[column._replace(cell=partial(_cut, column.cell)) for column in table.columns])


def _cut(cell: Callable[[Any], Cell], row: object) -> Cell:
    match cell(row):
        case InstructionText(text):
            return InstructionText(_masked(shortened(text, _LONGEST_CELL)))
        case Words(text):
            return Words(_masked(shortened(text, _LONGEST_CELL)))
        case Paths(paths):
            texts = (path.decode("utf-8", "surrogateescape") for path in paths[:1])
            return Paths([shortened(text, _LONGEST_CELL).encode("utf-8", "surrogateescape") for text in texts])
        case Figure(text):
            return Figure(text.replace(" ", "\N{NO-BREAK SPACE}"))
        case Bar() as bar:
            return bar


def _masked(text: str) -> str:
    """Return the text without the values of variables that may be credentials."""
    return _ASSIGNED.sub(rf"\1{_NOT_SHOWN}", text)
