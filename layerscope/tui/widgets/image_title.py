"""The header: which image, how large, how much of it is dead, how far the reading has come."""

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from layerscope.model.image import Compression, Image
from layerscope.session.stack import Tallies
from layerscope.text import human_share, human_size, plural, printable_line
from layerscope.tui.cells import cut
from layerscope.tui.glyphs import Glyphs


class ImageTitle(Static):
    """One line."""

    DEFAULT_CSS = """
    ImageTitle { height: 1; dock: top; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self, image: Image, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__("", id=id, markup=False)
        self._image = image
        self._glyphs = glyphs
        self._parts: list[str] = []

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
        self._parts = parts
        self._draw()

    def on_resize(self) -> None:
        """Fit the line to the new width."""
        self._draw()

    def _draw(self) -> None:
        separator, name = f" {self._glyphs.separator} ", printable_line(self._image.name)
        parts = [separator + part for part in self._parts if part]
        if len(parts) > 1 and self._room_beside(parts) < cell_len(name):
            # the platform is among the details of the image as well
            del parts[0]
        rest = "".join(parts)
        text = Text(cut(name, max(8, self._room_beside(parts)), self._glyphs), style="bold", no_wrap=True)
        self.update(text.append(rest, style="not bold"))

    def _room_beside(self, parts: list[str]) -> int:
        return self.content_size.width - sum(map(cell_len, parts))


def _is_compressed(image: Image) -> bool:
    return any(layer.compression not in (Compression.NONE, None) for layer in image.layers)


def _dead(tallies: Tallies) -> str:
    dead = tallies.dead_size
    if dead is None:
        return "dead bytes unknown"
    share = human_share(dead, tallies.content_size)
    return f"{human_size(dead)} dead, {share}" if dead else "no dead bytes"
