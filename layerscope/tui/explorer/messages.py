"""The messages of the explorer's workers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from layerscope.session.files.facts import FileFacts


class ReaderReported(Message):
    """The reader has reported events, which wait in a queue: there may be thousands of them in a second."""

    def can_replace(self, message: Message) -> bool:
        """Let one message stand for all that are waiting."""
        return isinstance(message, ReaderReported)


@dataclass
class FactsFound(Message):
    """The packages and the secrets are known."""

    facts: "FileFacts"
