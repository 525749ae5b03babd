"""The application that shows a comparison first."""

from contextlib import closing

from layerscope.session.image_session import ImageSession
from layerscope.session.reading.background import BackgroundLoader
from layerscope.tui.app import LayerscopeApp, run_app
from layerscope.tui.comparison.images import TwoImages
from layerscope.tui.comparison.layers import ComparedLayers, TwoLayers
from layerscope.tui.comparison.screen import ComparisonScreen


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
