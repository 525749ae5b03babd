"""The head of the size view: the size and what it can become, secrets, and the live and dead bytes as one bar."""

from itertools import accumulate, pairwise
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from layerscope.session.size.remarks import reason_label, reason_sums, saving_split, size_change
from layerscope.session.size.report import SizeReport
from layerscope.text import human_share, human_size, plural
from layerscope.tui.drawing.cells import cut
from layerscope.tui.drawing.glyphs import glyphs_of

_LEAST_NAME = 8
"""The fewest cells of the image's name."""

_GAP = "   "
_MOST_REASONS = 3
"""The most reasons for dead bytes that are named."""

_SHADES, _ASCII_SHADES = "▒░▓▒", "%=+%"
_COLOURS = ("$error", "$warning", "$accent", "$secondary")
"""The looks of dead bytes by reason, the largest first: no two neighbours look alike, with colours or without."""
_SIGNS = {"█": "▄"}
"""The signs of the legend that differ from the bar: a whole cell would look like a part of the bar above it."""


class _Part(NamedTuple):
    """A part of the bar."""

    words: str
    size: int
    glyph: str
    style: str


class Headline(Static):
    """One line: the name, the size and what it can become, and the secrets at the right."""

    DEFAULT_CSS = """
    Headline { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; }
    """

    def __init__(self, name: str) -> None:
        super().__init__("", markup=False)
        self._image_name = name
        self._report: SizeReport | None = None

    def show(self, report: SizeReport) -> None:
        """Show the sums of a report."""
        self._report = report
        self._draw()

    def on_mount(self) -> None:
        """Show the name while the report is computed."""
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        glyphs, width, report = glyphs_of(self), self.content_size.width, self._report
        secrets = f"{glyphs.warning} {_secret_words(report)}" if report and report.secrets else ""
        room = width - cell_len(secrets) - 2
        change = size_change(report, glyphs.arrow) if report else ""
        if report and cell_len(change) + 2 + cell_len(self._image_name) > room:
            change = size_change(report, glyphs.arrow, is_long=False)
        name = cut(self._image_name, max(_LEAST_NAME, room - cell_len(change) - 2), glyphs)
        gap = " " * max(2, width - cell_len(name) - 2 - cell_len(change) - cell_len(secrets))
        self.update(
            Content.assemble((f"{name}  ", "bold"), (change, "bold $primary"), gap, (secrets, "bold $error reverse"))
        )


def _secret_words(report: SizeReport) -> str:
    layers = {secret.layer for secret in report.secrets}
    where = f" in layer {layers.pop()}" if len(layers) == 1 else ""
    return f"{plural(len(report.secrets), 'secret')}{where}"


class SizeBar(Widget):
    """One bar of all bytes, the live ones first, and a legend that gives the dead ones by reason."""

    DEFAULT_CSS = """
    SizeBar { height: auto; padding: 0 1; margin: 1 0 0 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._report: SizeReport | None = None

    def show(self, report: SizeReport) -> None:
        """Show the bytes of a report."""
        self._report = report
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  # as the base
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        report = self._report
        if report is None or report.dead_size is None or not report.total_size:
            return []
        return self._bar(report, report.total_size, width)

    def _bar(self, report: SizeReport, total: int, width: int) -> list[Content]:
        """Return the bar, each part of it as long as its share, and the lines of the legend below it."""
        glyphs, dead = glyphs_of(self), report.dead.total
        shades = _SHADES if glyphs.has_unicode else _ASCII_SHADES
        parts = [_Part("live", total - dead, glyphs.eighths[-1], "$primary")]
        sums = [(reason_label(reason), size) for reason, size in reason_sums(report)]
        if len(sums) > _MOST_REASONS:
            sums[_MOST_REASONS:] = [("otherwise", sum(size for _, size in sums[_MOST_REASONS:]))]
        parts += [
            _Part(words, size, shade, colour)
            for (words, size), shade, colour in zip(sums, shades, _COLOURS, strict=False)
        ]
        ends = [round(done * width / total) for done in accumulate((part.size for part in parts), initial=0)]
        bar = [
            (part.glyph * (end - start), part.style) for part, (start, end) in zip(parts, pairwise(ends), strict=True)
        ]
        sum_of_dead = f"dead {human_size(dead)}, {human_share(dead, total)}" if dead else "no dead bytes"
        legend = [
            Content.assemble(
                (f"{_SIGNS.get(part.glyph, part.glyph)} ", part.style), f"{part.words} {human_size(part.size)}"
            )
            for part in parts
        ]
        legend.insert(1, Content.styled(sum_of_dead, "bold"))
        if split := saving_split(report):
            legend.append(Content(f"advice: {split}"))
        return [Content.assemble(*bar), *_lines(legend, width)]


def _lines(parts: list[Content], width: int) -> list[Content]:
    """Return the parts in lines, as many in each as fit."""
    lines = parts[:1]
    for part in parts[1:]:
        longer = Content(_GAP).join([lines[-1], part])
        if longer.cell_length <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
