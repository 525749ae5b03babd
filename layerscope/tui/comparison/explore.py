"""The application that shows a comparison first, and the comparison of two images from another screen."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

from textual.app import App

from layerscope.cache.cache import Cache
from layerscope.errors import AmbiguousImage
from layerscope.model.progress import Progress
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.open import open_images
from layerscope.session.reading.background import BackgroundLoader
from layerscope.tui.app import LayerscopeApp, run_app
from layerscope.tui.comparison.images import TwoImages
from layerscope.tui.comparison.layers import ComparedLayers, TwoLayers
from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.services import services_of


def explore_layers(session: ImageSession, before: int, after: int, *, own: bool = False, mtime: bool = False) -> None:
    """Compare two layers of an image (0: nothing) until the user quits."""
    with closing(BackgroundLoader(session)) as reader:
        states = TwoLayers(session.image, ComparedLayers(before, after, own, mtime), reader)
        app = LayerscopeApp(lambda: ComparisonScreen(states))
        app.images.append(session)
        run_app(app)


def explore_comparison(old: ImageSession, new: ImageSession, *, mtime: bool = False) -> None:
    """Compare two images until the user quits."""
    with closing(BackgroundLoader(old)) as old_reader, closing(BackgroundLoader(new)) as new_reader:
        images, readers = (old.image, new.image), (old_reader, new_reader)
        app = LayerscopeApp(lambda: ComparisonScreen(TwoImages(images, readers, mtime=mtime)))
        app.images += (old, new)
        run_app(app)


class OpenedPair(NamedTuple):
    """Two images to compare; the first one, if it is loaded, stays open."""

    old: ImageSession | LoadedImage
    new: ImageSession

    @property
    def sessions(self) -> list[ImageSession]:
        return [side for side in self if isinstance(side, ImageSession)]

    def close(self) -> None:
        for session in reversed(self.sessions):
            session.close()


def open_pair(cache: Cache | None, requests: Sequence[ImageRequest], progress: Progress) -> OpenedPair:
    """Open two images to compare; raises LayerscopeError."""
    old, new = open_images(requests, progress, cache)
    return OpenedPair(old, new)


def open_other(
    old: LoadedImage, cache: Cache | None, requests: Sequence[ImageRequest], progress: Progress
) -> OpenedPair:
    """Open the image to compare a loaded one with: of several platforms, the same; raises LayerscopeError."""
    (request,) = requests
    try:
        (new,) = open_images(requests, progress, cache)
    except AmbiguousImage:
        same = request._replace(platform=request.platform or str(old.image.platform))
        (new,) = open_images([same], progress, cache)
    return OpenedPair(old, new)


def push_comparison(app: App[Any], pair: OpenedPair) -> None:
    """Compare two images until the user goes back; what was opened for that is closed then."""
    services = services_of(app)
    resources = services.resources.enter_context(ExitStack())
    resources.callback(pair.close)
    services.images += pair.sessions
    trees = [
        resources.enter_context(closing(BackgroundLoader(side))) if isinstance(side, ImageSession) else side
        for side in pair
    ]
    states = TwoImages((pair.old.image, pair.new.image), trees)
    app.push_screen(ComparisonScreen(states), lambda _: resources.close())
