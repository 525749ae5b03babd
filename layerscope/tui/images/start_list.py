"""The list of the start screen: what can be opened, under the headings of its sections, filtered and sorted."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from rich.segment import Segment
from textual import events
from textual.message import Message

from layerscope.analysis.search.query import Query
from layerscope.model.engine import Engine
from layerscope.model.local import Container, LocalArchive, LocalImage
from layerscope.session.local.sharing import SharedLayer
from layerscope.settings.preferences import Recent
from layerscope.text import human_size, plural, printable_line, printable_name
from layerscope.tui.drawing.cells import cut_middle, padded
from layerscope.tui.widgets.line_list import TallList

_ID_LENGTH = 12
_NO_TAG = "(no tag)"
_WIDE = 100
"""The width from which on times are shown to the minute, and shared sizes and ids have room."""

_SIZE_WIDTH, _KIND_WIDTH, _ID_WIDTH = 8, 10, 12
_GAP = "  "


class Section(Enum):
    """A section of the list, in the order of the screen; ``titles`` name the columns of size and time."""

    IMAGES = ("Local images", ("size", "shared", "unique"), "created")
    CONTAINERS = ("Containers", ("writable", "", ""), "state")
    FOLDER = ("In this folder", ("size", "", ""), "modified")
    RECENT = ("Opened last", ("", "", ""), "opened")
    TYPED = ("As typed", ("", "", ""), "")
    LAYERS = ("Layers that images share", ("size", "", ""), "held by")

    def __init__(self, title: str, sizes: tuple[str, str, str], when: str) -> None:
        self.title = title
        self.sizes = sizes
        self.when = when

    @property
    def has_only_times(self) -> bool:
        """True if nothing but a name and a time is known of what is listed."""
        return not any(self.sizes)

    @property
    def has_ids(self) -> bool:
        """True if an engine has what is listed."""
        return self in (Section.IMAGES, Section.CONTAINERS, Section.LAYERS)


class StartOrder(Enum):
    """An order of the rows of each section."""

    NEWEST = "newest first"
    LARGEST = "largest first"
    BY_NAME = "by name"


@dataclass(frozen=True, slots=True)
class StartRow:
    """Something to open. ``names`` are what a filter searches, ``sizes`` the whole, shared and unique one.

    ``time`` is in seconds since 1970; ``state`` is in its column for what has no time.
    """

    section: Section
    reference: str
    names: tuple[str, ...]
    sizes: tuple[int | None, int | None, int | None]
    kind: str
    time: float | None = None
    state: str = ""
    short_id: str = ""
    holders: int = 0
    """The number of images that hold a layer."""

    @property
    def has_name(self) -> bool:
        """False for an image without a tag: many builds leave dozens of these behind."""
        return self.names != (_NO_TAG,)

    @property
    def name(self) -> str:
        """The names in one text, as they are; of a layer the instruction, without the images that hold it."""
        return self.names[0] if self.holders else ", ".join(self.names)

    def when(self, pattern: str) -> str:
        """Return the local time by a pattern of strftime, or the state."""
        try:
            return self.state if self.time is None else time.strftime(pattern, time.localtime(self.time))
        except (OverflowError, ValueError, OSError):
            return "?"


def image_row(image: LocalImage) -> StartRow:
    """Return the row of an image, all of its tags on it."""
    sizes = (image.size, image.shared_size, image.unique_size)
    short_id = image.image_id.rpartition(":")[2][:_ID_LENGTH]
    names = image.tags or (_NO_TAG,)
    return StartRow(Section.IMAGES, image.reference, names, sizes, image.engine, time=image.created, short_id=short_id)


def container_row(container: Container) -> StartRow:
    """Return the row of a container, which also shows its image."""
    return StartRow(
        Section.CONTAINERS,
        container.reference,
        (f"{container.name} ({container.image})",),
        (container.writable_size, None, None),
        container.engine,
        state=container.state,
        short_id=container.container_id[:_ID_LENGTH],
    )


def archive_row(archive: LocalArchive) -> StartRow:
    """Return the row of an archive or a layout."""
    name = "this folder itself" if archive.reference == os.curdir else archive.reference
    sizes = (archive.size, None, None)
    return StartRow(Section.FOLDER, archive.reference, (name,), sizes, archive.form.value, time=archive.modified)


def recent_row(recent: Recent) -> StartRow:
    """Return the row of something that was opened before."""
    return StartRow(Section.RECENT, recent.reference, (recent.reference,), (None, None, None), "", time=recent.opened)


def layer_row(shared: SharedLayer) -> StartRow:
    """Return the row of a layer that images share; it opens the newest of them."""
    return StartRow(
        Section.LAYERS,
        shared.images[0].reference,
        (shared.layer.instruction or "(no instruction)", *(tag for image in shared.images for tag in image.tags)),
        (shared.layer.size, None, None),
        shared.engine,
        state=plural(len(shared.images), "image"),
        short_id=shared.layer.diff_id.rpartition(":")[2][:_ID_LENGTH],
        holders=len(shared.images),
    )


_ORDER_KEYS: dict[StartOrder, Callable[[StartRow], tuple[object, ...]]] = {
    StartOrder.NEWEST: lambda row: (-(row.time or 0), -row.holders),
    StartOrder.LARGEST: lambda row: (-(row.sizes[0] or 0),),
    StartOrder.BY_NAME: lambda row: (row.name,),
}


@dataclass
class StartState:
    """The lists so far; ``awaited`` names engines that have not answered, ``refusals`` say who will not, and why."""

    order: StartOrder = StartOrder.NEWEST
    query: Query | None = None
    typed: str = ""
    """The text of the filter: it may be a reference itself."""
    awaited: set[str] = field(default_factory=set)
    refusals: dict[str, str] = field(default_factory=dict)
    _rows: dict[tuple[Section, str], StartRow] = field(default_factory=dict)

    def add(self, rows: Iterable[StartRow]) -> None:
        """Add rows; two addresses may lead to one engine, which lists the same twice."""
        self._rows.update({(row.section, f"{row.reference} {row.short_id}"): row for row in rows})

    def forget(self) -> None:
        """Start again without rows."""
        self._rows.clear()
        self.refusals.clear()

    def next_order(self) -> None:
        orders = list(StartOrder)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to open, and nobody is still being asked."""
        return not self._rows and not self.awaited and not self.typed

    @property
    def refusals_to_show(self) -> list[str]:
        """The refusals; that of containerd only where there is no image: Docker has one that only root may ask."""
        has_images = bool(self.count(Section.IMAGES))
        return [text for text, engine in self.refusals.items() if not has_images or engine != Engine.CONTAINERD]

    def count(self, section: Section) -> int:
        """Return the number of rows of a section, before the filter."""
        return sum(row.section is section for row in self._rows.values())

    def lines(self) -> list[Section | StartRow]:
        """Return the rows in order, each section that has some after its heading."""
        return list(self._lines())

    def _lines(self) -> Iterator[Section | StartRow]:
        shown = [row for row in self._rows.values() if self.query is None or any(map(self.query.matches, row.names))]
        order = _ORDER_KEYS[self.order]
        shown.sort(key=lambda row: (not row.has_name, *order(row)))
        for section in Section:
            rows = [row for row in shown if row.section is section]
            if rows:
                yield section
                yield from rows
        if self.typed and not self.typed.startswith("re:") and not set("*?") & set(self.typed):
            yield Section.TYPED
            yield StartRow(Section.TYPED, self.typed, (self.typed,), (None, None, None), "")


class StartList(TallList):
    """Headings and rows; the cursor goes to rows only. Where there is room, a line above each heading is blank."""

    DEFAULT_CSS = """
    StartList { height: 1fr; }
    """

    @dataclass
    class Chosen(Message):
        """A row was clicked twice."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[Section | StartRow] = ()
        self.marked: StartRow | None = None
        self._wanted: StartRow | None = None
        """The row that the user went to; None for the first one, whichever that is."""

    @property
    def row(self) -> StartRow | None:
        line = self._lines[self.cursor] if self.cursor < len(self._lines) else None
        return line if isinstance(line, StartRow) else None

    def show(self, lines: Sequence[Section | StartRow]) -> None:
        """Show these lines, the cursor on the row that the user went to, if it is there."""
        self._lines = lines
        self.refill(next((item for item, line in enumerate(lines) if _is_same(line, self._wanted)), 1))

    def choose_heights(self) -> None:
        """Leave a line blank above each heading if there is room."""
        heights = [1 + bool(item and isinstance(line, Section)) for item, line in enumerate(self._lines)]
        self.set_heights(heights if sum(heights) <= self.size.height else [1] * len(heights))

    def item_count(self) -> int:
        return len(self._lines)

    def mark(self, row: StartRow | None) -> None:
        """Mark a row, or with None none."""
        self.marked = row
        self.redraw()

    def move_to(self, item: int) -> None:
        """Put the cursor on a row: past a heading in the direction of the move, but on the first row at the top."""
        item = max(0, min(item, len(self._lines) - 1))
        if self._lines and isinstance(self._lines[item], Section):
            item += 1 if item >= self.cursor or not item else -1
        super().move_to(item)
        self._wanted = self.row if self.cursor > 1 else None
        if self.cursor == 1:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def go_to_section(self, step: int) -> None:
        """Put the cursor on the first row of the next or the previous section, around the ends."""
        firsts = [item + 1 for item, line in enumerate(self._lines) if isinstance(line, Section)]
        if firsts:
            here = sum(first <= self.cursor for first in firsts) - 1
            self.move_to(firsts[(here + step) % len(firsts)])

    def clicked(self, item: int, event: events.Click) -> None:
        """Choose a row by a second click."""
        if event.chain > 1 and isinstance(self._lines[item], StartRow):
            self.post_message(self.Chosen())

    def draw(self, item: int, line: int, width: int) -> list[Segment]:
        """Return a heading with the titles of its columns, or a row; of two lines, the first is blank."""
        if line + 1 < len(self.lines_of(item)):
            return []
        shown = self._lines[item]
        muted = self.style_of("muted")
        if isinstance(shown, Section):
            columns = self._columns(shown, shown.sizes, (shown.when, "", "id" if shown.has_ids else ""), width)
            name = padded(shown.title, width - len(columns), self.glyphs)
            return [Segment(name, self.style_of("folder")), Segment(columns, muted)]
        sizes = [
            human_size(size) if title else "" for size, title in zip(shown.sizes, shown.section.sizes, strict=True)
        ]
        sizes = ["" if shown.section is Section.FOLDER and size == "?" else size for size in sizes]
        when = shown.when("%Y-%m-%d %H:%M" if width >= _WIDE else "%Y-%m-%d")
        facts = (printable_line(when), shown.kind, printable_name(shown.short_id))
        columns = self._columns(shown.section, sizes, facts, width)
        room = max(0, width - len(columns) - len(_GAP))
        name = cut_middle(printable_name(shown.name), room, self.glyphs)
        mark = padded(self.glyphs.marked if _is_same(shown, self.marked) else "", len(_GAP), self.glyphs)
        return [Segment(mark + padded(name, room, self.glyphs)), Segment(columns, muted)]

    def _columns(self, section: Section, sizes: Sequence[str], facts: tuple[str, str, str], width: int) -> str:
        """Return the columns after the name: sizes, then time, kind and id."""
        is_wide, (when, kind, short_id) = width >= _WIDE, facts
        time = padded(when, 16 if is_wide else 10, self.glyphs)
        if section.has_only_times:
            return _GAP + time
        whole, shared, unique = (f"{size:>{_SIZE_WIDTH}}" for size in sizes)
        cells = [whole, *([shared] if is_wide else []), unique, time]
        cells.append(padded(kind, _KIND_WIDTH, self.glyphs))
        if is_wide:
            cells.append(padded(short_id, _ID_WIDTH, self.glyphs))
        return _GAP + _GAP.join(cells)


def _is_same(line: Section | StartRow, row: StartRow | None) -> bool:
    return isinstance(line, StartRow) and row is not None and line.reference == row.reference
