"""An image and its layers in a few words, the same for every command and screen."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from layerscope.analysis.tree.tally import Tallies
from layerscope.model.image import Compression, Image
from layerscope.text import human_share, human_size, plural, printable_line, printable_name, signed_size

if TYPE_CHECKING:
    from layerscope.analysis.packages.sbom import SbomComparison
    from layerscope.session.trend import Release, Trend

_SEPARATOR = " · "
_LONGEST_TITLE = 2_000
"""An instruction may hold a script of 1 MB; tables show its start, JSON documents hold all of it."""

BLOCKS = (" #", " ▁▂▃▄▅▆▇█")
"""The parts of a cell of a plot, from an empty one to a full one: in ASCII, in Unicode."""

PLOT_HEIGHT = 6
_LABEL = 11
_WIDEST_CELL = 6
_LEAST_PLOTTED = 2
"""The releases from which on there is something to see."""


def size_words(image: Image, tallies: Tallies) -> str:
    """Return content size, number of layers and blob size: ``402 MB in 4 layers (170 MB to pull)``.

    A layer that an engine keeps unpacked has no blob, and the image no blob size.
    """
    words = f"{human_size(tallies.content_size)} in {plural(len(image.layers), 'layer')}"
    if any(layer.unpacked for layer in image.layers):
        return words
    return f"{words} ({human_size(image.blob_size)} {blob_word(image)})"


def engine_words(image: Image) -> str:
    """Return the engine that has the image, and those that have another one of that name; nothing for an archive."""
    if image.storage is None:
        return ""
    others = f" ({', '.join(image.also_in)} has one, too)" if image.also_in else ""
    namespace = f" ({printable_line(image.storage.namespace)})" if image.storage.namespace else ""
    return f"{image.storage.engine}{namespace}{others}"


def blob_word(image: Image) -> str:
    """Return what the blob size stands for: a pull transfers compressed layers, plain ones are only stored so."""
    is_compressed = any(layer.compression not in (Compression.NONE, None) for layer in image.layers)
    return "to pull" if is_compressed else "stored"


def limit_words(left: int) -> str:
    """Return what is left of the limit of a registry."""
    return f"the registry's limit leaves {plural(left, 'request')}"


def dead_words(tallies: Tallies) -> str:
    """Return the dead bytes with their share of all content: ``98 MB dead (24 %)``."""
    dead = tallies.dead_size
    if dead is None:
        return "dead bytes unknown"
    return f"{human_size(dead)} dead ({human_share(dead, tallies.content_size)})" if dead else "no dead bytes"


def image_summary(image: Image, tallies: Tallies) -> str:
    """Return the image in one line.

    ``my-app:v1 · linux/amd64 · 402 MB in 4 layers (170 MB to pull) · 98 MB dead, 24 %``
    """
    return _SEPARATOR.join([printable_name(image.name), image_facts(image, tallies)])


def image_facts(image: Image, tallies: Tallies) -> str:
    """Return the summary without the name of the image."""
    parts = (printable_line(str(image.platform)), engine_words(image), size_words(image, tallies), dead_words(tallies))
    return _SEPARATOR.join(part for part in parts if part)


def layer_title(image: Image, layer: int) -> str:
    """Return the instruction of a layer as one line, safe for a screen, or a comment or remark in its place."""
    return printable_title(image.step(layer).title)


def printable_title(title: str) -> str:
    """Return the title of a step as one line that is safe for a screen; a very long one is cut."""
    line = printable_line(title[: _LONGEST_TITLE + 1])
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"


def sbom_sentence(sbom: "SbomComparison") -> str:
    """Return how the SBOM and the package databases of the image agree, as a sentence."""
    return f"SBOM: {sbom_words(sbom)}."


def sbom_words(sbom: "SbomComparison") -> str:
    """Return how many packages of the SBOM are in the image, and what differs, safe for a screen."""
    only_stated = sum(each.found is None for each in sbom.differences)
    only_found = sum(each.stated is None for each in sbom.differences)
    others = len(sbom.differences) - only_stated - only_found
    parts = [
        f"{sbom.matched:,} of {plural(sbom.stated, 'package')} found in the image",
        *([f"{others:,} with another version"] if others else []),
        *([f"{only_stated:,} not found"] if only_stated else []),
        *(_not_compared(kind, count) for kind, count in sorted(sbom.not_compared.items())),
        *([f"{plural(only_found, 'package')} of the image not listed"] if only_found else []),
    ]
    return ", ".join(parts)


def _not_compared(kind: str, count: int) -> str:
    return f"{count:,} {f'of type {printable_line(kind)}' if kind else 'without a type'} not looked for"


def minute_text(created: str | None) -> str:
    """Return date and time of a document in UTC to the minute, or the start of what the image states instead."""
    try:
        return datetime.fromisoformat(created or "").astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return printable_line(created or "")[:16]


def cause_words(release: "Release") -> str:
    """Return the step of a jump with its layer, nothing without a jump."""
    found = release.growth
    if found is None or found.step is None:
        return ""
    where = "gone" if found.layer is None else f"layer {found.layer}"
    return f"{where}: {printable_title(found.step.title)}"


def growth_words(release: "Release") -> str:
    """Return how much a release has grown, nothing for the first one."""
    return "" if release.growth is None else signed_size(release.growth.size) if release.growth.size else "0 B"


class Plot(NamedTuple):
    """The lines of a plot of releases; each has ``cells`` of the width, that of number ``first`` the first ones."""

    lines: Sequence[str]
    first: int
    cells: int

    def columns(self, number: int) -> slice:
        """Return the columns of a release."""
        start = _LABEL + 2 + (number - self.first) * self.cells
        return slice(start, start + max(1, self.cells - 1)) if number >= self.first else slice(0)


def plot_of(trend: "Trend", width: int, blocks: str) -> Plot | None:
    """Return a plot of the releases, of the last ones where there are more than cells; None if there is no room."""
    measure, sizes = next(iter(trend.sizes().items()), ("", []))
    room = width - _LABEL - 2
    first = max(0, len(sizes) - max(0, room))
    sizes = sizes[first:]
    if len(sizes) < _LEAST_PLOTTED:
        return None
    cells = min(_WIDEST_CELL, room // len(sizes))
    most, steps = max(filter(None, sizes), default=0) or 1, len(blocks) - 1
    heights = [(size and max(1, round(size * PLOT_HEIGHT * steps / most))) or 0 for size in sizes]
    lines = list[str]()
    for line in range(PLOT_HEIGHT):
        filled = (height - (PLOT_HEIGHT - 1 - line) * steps for height in heights)
        bars = "".join(blocks[max(0, min(steps, each))] * max(1, cells - 1) + " " * (cells > 1) for each in filled)
        lines.append(f"{'' if line else human_size(most):>{_LABEL}}  {bars}".rstrip())
    return Plot([*lines, f"{measure:>{_LABEL}}  {plural(len(sizes), 'release')}"], first, cells)
