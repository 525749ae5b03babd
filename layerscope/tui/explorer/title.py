"""The header: the image, its size, its dead bytes, and how much has been read."""

from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Image
from layerscope.session.open import ImageSession
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
        self._stored = f"{plural(len(image.layers), 'layer')}, {human_size(image.blob_size)} stored"

    def show_reading(self, tallies: Tallies, reading: Reading) -> None:
        """Show what is known so far."""
        if reading.failure:
            parts = [reading.failure]
        elif reading.export:
            parts = [plural(len(self._image.layers), "layer"), _export_words(self._image, reading.export)]
        elif not reading.complete:
            parts = [f"{self._stored}, reading {reading.share:.0%}"]
        else:
            parts = [size_words(self._image, tallies), dead_words(tallies)]
        warnings = len(self._image.warnings)
        secrets = f"{glyphs_of(self).warning} {plural(self.secrets, 'secret')}" if self.secrets else ""
        self.show(
            [
                Fact(self._platform, self._platform_rank),
                Fact(self._engine, 2),
                *(Fact(part, 9 - number) for number, part in enumerate(parts)),
                Fact(secrets, 10, is_alarming=True),
                Fact(plural(warnings, "warning") if warnings else "", 5),
            ],
            self._image_name,
        )


def _export_words(image: Image, export: Exporting) -> str:
    """Return how far the export is: an engine may prepare it for minutes before the first byte."""
    if not export.done:
        return f"{image.source} prepares the export, {export.seconds} s"
    total = f" of {human_size(export.total)}" if export.total else ""
    return f"exporting: {human_size(export.done)}{total}, {export.seconds} s"
