"""The header: the image, its size, its dead bytes, and how much has been read."""

from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image
from layerscope.session.image_session import ImageSession
from layerscope.session.summary import dead_words, engine_words, size_words
from layerscope.text import human_size, plural
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.explorer.state import Exporting, Reading
from layerscope.tui.widgets.title_line import Fact, TitleLine


class ImageTitle(TitleLine):
    """One line. The platform is left out first, unless there are others: the details of the image show it, too."""

    def __init__(self, session: ImageSession) -> None:
        super().__init__("")
        self.take(session)

    def take(self, session: ImageSession) -> None:
        """Take the image to name, and its position among the images of its source."""
        self.secrets = 0
        image, position, count = session.image, session.position, len(session.choices)
        of_several = "" if count == 1 or position is None else f" ({position + 1} of {count:,})"
        self._platform_rank = 6 if of_several else 1
        self._image_name = excerpt(image.name)
        self._image = image
        self._engine = engine_words(image)
        self._platform = excerpt(str(image.platform)) + of_several
        stored = "" if image.blob_size is None else f", {human_size(image.blob_size)} stored"
        self._stored = f"{plural(len(image.layers), 'layer')}{stored}"

    def show_reading(self, tallies: Tallies, reading: Reading) -> None:
        """Show what is known so far."""
        warnings = len(self._image.warnings)
        secrets = f"{glyphs_of(self).warning} {plural(self.secrets, 'secret')}" if self.secrets else ""
        self.show(
            [
                Fact(self._platform, self._platform_rank),
                Fact(self._engine, 2),
                *self._sizes(tallies, reading),
                Fact(secrets, 10, is_alarming=True),
                Fact(plural(warnings, "warning") if warnings else "", 5),
            ],
            self._image_name,
        )

    def _sizes(self, tallies: Tallies, reading: Reading) -> list[Fact]:
        """Return the size and the dead bytes, or how much has been read."""
        if reading.failure:
            return [Fact(reading.failure, 9)]
        if reading.export:
            layers, words = plural(len(self._image.layers), "layer"), _export_words(self._image, reading.export)
            return [Fact(layers, 9), Fact(words, 8)]
        if not reading.complete:
            return [Fact(f"{self._stored}, {reading.words}", 9)]
        size, dead = human_size(tallies.content_size), tallies.dead_size
        return [
            Fact(size_words(self._image, tallies), 9, short=size, short_rank=4),
            Fact(dead_words(tallies), 8, short=f"{human_size(dead)} dead" if dead else "", short_rank=3),
        ]


def _export_words(image: Image, export: Exporting) -> str:
    """Return how far the export is: an engine may prepare it for minutes before the first byte."""
    if not export.done:
        what = "prepares the export" if _is_exported(image) else "sends the writable layer"
        return f"{image.source} {what}, {export.seconds} s"
    total = f" of {human_size(export.total)}" if export.total else ""
    return f"exporting: {human_size(export.done)}{total}, {export.seconds} s"


def _is_exported(image: Image) -> bool:
    """Return whether an engine exports the layers of an image, or has only the own layer of a container to send."""
    layers = [layer for layer in image.layers if not layer.writable]
    return image.export is None and any(layer.blob is None and layer.unpacked is None for layer in layers)
