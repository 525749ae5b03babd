"""The state of the start screen: what can be opened, by section, filtered and sorted."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from layerscope.analysis.search.query import Query
from layerscope.model.local import Container, LocalArchive, LocalImage
from layerscope.settings.state_file import Recent

_ID_LENGTH = 12
_NO_TAG = "(no tag)"


class Section(Enum):
    """A section of the list, in the order of the screen; ``titles`` name the columns of size and time."""

    IMAGES = ("Local images", ("size", "shared", "unique"), "created")
    CONTAINERS = ("Containers", ("writable", "", ""), "state")
    FOLDER = ("In this folder", ("size", "", ""), "modified")
    RECENT = ("Opened last", ("", "", ""), "opened")

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
        return self in (Section.IMAGES, Section.CONTAINERS)


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

    @property
    def has_name(self) -> bool:
        """False for an image without a tag: many builds leave dozens of these behind."""
        return self.names != (_NO_TAG,)

    @property
    def name(self) -> str:
        """The names in one text, as they are."""
        return ", ".join(self.names)

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


_ORDER_KEYS: dict[StartOrder, Callable[[StartRow], tuple[object, ...]]] = {
    StartOrder.NEWEST: lambda row: (-(row.time or 0),),
    StartOrder.LARGEST: lambda row: (-(row.sizes[0] or 0),),
    StartOrder.BY_NAME: lambda row: (row.name,),
}


@dataclass
class StartState:
    """The lists so far; ``awaited`` names engines that have not answered, ``refusals`` say why others will not."""

    order: StartOrder = StartOrder.NEWEST
    query: Query | None = None
    awaited: set[str] = field(default_factory=set)
    refusals: dict[str, None] = field(default_factory=dict)
    _rows: dict[tuple[Section, str], StartRow] = field(default_factory=dict)

    def add(self, rows: Iterable[StartRow]) -> None:
        """Add rows; two addresses may lead to one engine, which lists the same twice."""
        self._rows.update({(row.section, f"{row.reference} {row.short_id}"): row for row in rows})

    def forget(self) -> None:
        """Start again without rows."""
        self._rows.clear()
        self.refusals.clear()

    def next_order(self) -> None:
        """Sort by the next order."""
        orders = list(StartOrder)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to open, and nobody is still being asked."""
        return not self._rows and not self.awaited

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
