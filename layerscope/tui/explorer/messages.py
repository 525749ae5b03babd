"""The messages of the explorer's workers."""

from dataclasses import dataclass

from textual.message import Message

from layerscope.session.reading.background import LayerProgress, ReadEvent


@dataclass
class ReadHappened(Message):
    """The reader has reported something."""

    event: ReadEvent

    def can_replace(self, message: Message) -> bool:
        """Let the last of several progress reports stand for all of them."""
        events = (self.event, message.event) if isinstance(message, ReadHappened) else ()
        return bool(events) and all(isinstance(event, LayerProgress) for event in events)
