"""The header: the image, its size, its dead bytes, and how much has been read."""

from layerscope.model.image import Compression, Image
from layerscope.session.reading.stack import Tallies
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.explorer.state import Reading
from layerscope.tui.widgets.title_line import TitleLine


class ImageTitle(TitleLine):
    """One line. The platform is left out first, because the details of the image show it, too."""

    def __init__(self, image: Image) -> None:
        super().__init__(printable_line(image.name))
        self._image = image

    def show(self, tallies: Tallies, reading: Reading, share: float) -> None:
        """Show what is known so far; ``share`` is the part of the image that has been read."""
        parts = [printable_line(str(self._image.platform))]
        stored = human_size(self._image.blob_size)
        layers = plural(len(self._image.layers), "layer")
        if reading.failure:
            parts.append(reading.failure)
        elif not reading.complete:
            parts.append(f"{layers}, {stored} stored, reading {share:.0%}")
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
