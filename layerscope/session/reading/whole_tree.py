"""Reads all layers of an image beside this process, for who can do nothing with a part of them."""

from collections.abc import Callable
from typing import NamedTuple

from layerscope.errors import LayerscopeError
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.open import ImageSession
from layerscope.session.reading.background import BackgroundReader, LayerRead, LayersStacked, ReadingFailed
from layerscope.session.reading.stack import Tallies


class WholeTree(NamedTuple):
    """All layers as one tree, and what each came to."""

    opened: LoadedImage
    tallies: Tallies


class WholeTreeReader:
    """Reads the layers of a session's image; the reading starts at once."""

    def __init__(self, session: ImageSession) -> None:
        self._session = session
        self._reader = BackgroundReader(session.image.layers, len(session.image.layers))

    def read(self, progress: Callable[[float], None]) -> WholeTree:
        """Wait for the last layer; ``progress`` is told which part of the stored bytes is done.

        Raises LayerscopeError where the reader ends early.
        """
        sizes = {layer.number: layer.blob_size or 0 for layer in self._session.image.layers}
        done, total = dict.fromkeys(sizes, 0), max(1, sum(sizes.values()))
        for event in self._reader.events():
            if isinstance(event, ReadingFailed):
                raise LayerscopeError(f"the reading ended early (status {event.status})")
            if isinstance(event, LayersStacked):
                if event.last:
                    contents = self._session.contents_of(event.tree)
                    return WholeTree(LoadedImage(self._session.image, event.tree, contents), event.tallies)
                continue
            done[event.layer] = sizes[event.layer] if isinstance(event, LayerRead) else event.done
            progress(sum(done.values()) / total)
        raise LayerscopeError("the reading was ended")

    def close(self) -> None:
        """End the reading, if it still goes on."""
        self._reader.close()
