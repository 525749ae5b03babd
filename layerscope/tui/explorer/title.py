"""The header: which image, how large, how much of it is dead, how far the reading has come."""

from layerscope.model.image import Compression, Image
from layerscope.session.reading.stack import Tallies
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.widgets.title_line import TitleLine


class ImageTitle(TitleLine):
    """One line; the platform, which is among the details of the image as well, goes first."""

    def __init__(self, image: Image, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(printable_line(image.name), glyphs, id=id)
        self._image = image

    def show(self, tallies: Tallies, *, complete: bool, failure: str | None, done: float) -> None:
        """Show what is known by now."""
        parts = [printable_line(str(self._image.platform))]
        stored = human_size(self._image.blob_size)
        layers = plural(len(self._image.layers), "layer")
        if failure:
            parts.append(failure)
        elif not complete:
            parts.append(f"{layers}, {stored} stored, reading {done:.0%}")
        else:
            to_pull = "to pull" if _is_compressed(self._image) else "stored"
            parts.append(f"{human_size(tallies.content_size)} in {layers} ({stored} {to_pull})")
            parts.append(_dead(tallies))
        self.show_parts(parts)


def _is_compressed(image: Image) -> bool:
    return any(layer.compression not in (Compression.NONE, None) for layer in image.layers)


def _dead(tallies: Tallies) -> str:
    dead = tallies.dead_size
    if dead is None:
        return "dead bytes unknown"
    share = human_share(dead, tallies.content_size)
    return f"{human_size(dead)} dead, {share}" if dead else "no dead bytes"
