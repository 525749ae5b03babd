"""The state of the size view: a stack of visits, so that going back finds everything as it was left."""

from dataclasses import dataclass, field
from enum import IntEnum


class SizeView(IntEnum):
    """A view of the size of an image; its digit is one more than its value."""

    OVERVIEW = 0
    LAYERS = 1
    DIRECTORIES = 2
    MAP = 3
    TYPES = 4
    PACKAGES = 5
    DEAD = 6
    DUPLICATES = 7

    @property
    def label(self) -> str:
        return self.name.lower()


ALL_SECRETS = -1
"""The subject of the overview that lists all secrets."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A view, or one thing in it.

    The ``subject`` is a folder's node in the views of directories, and a position in the list of the other views.
    """

    view: SizeView
    subject: int | None = None

    @property
    def is_list(self) -> bool:
        """True if a list is shown, which can be sorted and filtered."""
        return self.view is not SizeView.MAP and self != Topic(SizeView.OVERVIEW)

    @property
    def is_folder(self) -> bool:
        return self.view in (SizeView.DIRECTORIES, SizeView.MAP)


@dataclass(slots=True)
class VisitedTopic:
    """A topic with its filter, its order, and the cursor; ``top`` is the first line on the screen."""

    topic: Topic
    query: str = ""
    order: int = 0
    cursor: int = 0
    top: int = 0


@dataclass(slots=True)
class SizeState:
    """The visits, the last of which is on the screen."""

    visits: list[VisitedTopic] = field(default_factory=lambda: [VisitedTopic(Topic(SizeView.OVERVIEW))])

    @property
    def visit(self) -> VisitedTopic:
        return self.visits[-1]

    def go_to(self, topic: Topic) -> bool:
        """Visit a topic, or return to it if it is on the way back, and return whether it is another one."""
        if topic == self.visit.topic:
            return False
        topics = [visit.topic for visit in self.visits]
        if topic in topics:
            del self.visits[topics.index(topic) + 1 :]
        else:
            self.visits.append(VisitedTopic(topic))
        return True

    def go_back(self) -> bool:
        """Return to the visit before, if there is one."""
        if len(self.visits) == 1:
            return False
        self.visits.pop()
        return True
