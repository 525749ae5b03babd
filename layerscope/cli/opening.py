"""Opens the image that a command is asked about, and tells of what is wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from layerscope.cli.debug_log import note
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate
from layerscope.text import printable_line, printable_name

if TYPE_CHECKING:
    from layerscope.session.loaded_image import LoadedImage
    from layerscope.session.open import ImageSession


@contextmanager
def opened(reference: str, image: str | None, platform: str | None) -> Iterator["ImageSession"]:
    """Open the image, with progress; closing it removes temporary files."""
    from layerscope.session.open import open_image  # noqa: PLC0415  # nothing that --help needs

    with ReadingProgress(progress_title(reference)) as progress:
        session = open_image(reference, image, platform, progress)
    note(f"opened {session.image.name}, {len(session.image.layers)} layers, from {session.image.source}")
    with session:
        yield session


def progress_title(reference: str) -> str:
    """Return what a progress bar calls the work on the reference."""
    return "reading standard input" if reference == "-" else f"reading {printable_name(reference)}"


def warn(opened_image: "ImageSession | LoadedImage", name: str = "") -> None:
    """Tell of all that is wrong with the image, a line each: its documents, then its layers.

    Where there are several images, each line starts with the ``name`` of the one that it tells of.
    """
    start = f"{name}: " if name else ""
    for sentence in opened_image.image.warnings:
        warn_of(f"{start}{sentence}")
    for number, tally in opened_image.tallies.layers.items():
        for sentence in (*tally.warnings, *([f"cannot be read whole: {tally.error}"] if tally.error else [])):
            warn_of(f"{start}layer {number}: {sentence}")


def warn_of(sentence: str) -> None:
    """Tell of one thing that is wrong."""
    note(f"warning: {sentence}")
    narrate(f"warning: {printable_line(sentence)}")
