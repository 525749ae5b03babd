"""All layers of an image, read in the background for a screen that needs every one of them."""

from collections.abc import Callable

from layerscope.errors import LayerscopeError
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.background import LayerRead, LayersStacked, ReadingFailed


class BackgroundLoader:
    """Reads the layers of a session's image, from the moment it is made."""

    def __init__(self, session: ImageSession) -> None:
        self._session = session
        self._reader = session.read_in_background(len(session.image.layers))

    def load(self, progress: Callable[[float], None]) -> LoadedImage:
        """Wait for the last layer; ``progress`` is called with the fraction of the stored bytes that is done.

        Raises LayerscopeError if the reader ends early.
        """
        sizes = {layer.number: layer.blob_size or 0 for layer in self._session.image.layers}
        done, total = dict.fromkeys(sizes, 0), max(1, sum(sizes.values()))
        for event in self._reader.events():
            if isinstance(event, ReadingFailed):
                raise LayerscopeError(event.reason)
            if isinstance(event, LayersStacked):
                if event.last:
                    return self._session.loaded_from(event.tree, event.tallies)
                continue
            done[event.layer] = sizes[event.layer] if isinstance(event, LayerRead) else event.done
            progress(sum(done.values()) / total)
        raise LayerscopeError("reading the layers was stopped")

    def close(self) -> None:
        """End the reading if it still goes on."""
        self._reader.close()
