"""The messages of the explorer's workers."""

from textual.message import Message


class ReaderReported(Message):
    """The reader has reported events, which wait in a queue: there may be thousands of them in a second."""

    def can_replace(self, message: Message) -> bool:
        """Let one message stand for all that are waiting."""
        return isinstance(message, ReaderReported)
