"""What workers tell the screens."""

from textual.message import Message

from layerscope.session.reading.background import LayerProgress, ReadEvent


class ReadHappened(Message):
    """The reading of the layers went on."""

    def __init__(self, event: ReadEvent) -> None:
        super().__init__()
        self.event = event

    def can_replace(self, message: Message) -> bool:
        """Let only the last of several figures of progress be handled."""
        both = (self.event, message.event) if isinstance(message, ReadHappened) else ()
        return bool(both) and all(isinstance(event, LayerProgress) for event in both)
