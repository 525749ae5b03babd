"""The image that the user names, opened for a command, listed, or shown in the explorer. It needs no Typer."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module

from layerscope.analysis.tree.tally import Tallies
from layerscope.cache.cache import Cache
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import has_screen, narrate, terminal
from layerscope.debug_log import note
from layerscope.model.engine import Engine
from layerscope.model.image import Image
from layerscope.report.json_document import Limit
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.open import UndecidedImage, open_images, open_or_choose
from layerscope.text import plural, printable_line, printable_name
from layerscope.work import start_thread


@contextmanager
def opened(request: ImageRequest, *, no_cache: bool) -> Iterator[ImageSession]:
    """Open the image, with progress; closing it removes temporary files."""
    with opened_all([request], no_cache=no_cache) as (session,):
        yield session


@contextmanager
def opened_all(requests: Sequence[ImageRequest], *, no_cache: bool) -> Iterator[list[ImageSession]]:
    """Open several images, with progress: an engine exports all of its own in one call."""
    with ReadingProgress(progress_title(requests[0].reference)) as progress:
        sessions = open_images(requests, progress, cache_unless(no_cache=no_cache))
    with ExitStack() as stack:
        for session in sessions:
            stack.enter_context(session)
            image = session.image
            note(f"opened {image.name}, {len(image.layers)} layers, from {image.source}")
        yield sessions


def cache_unless(*, no_cache: bool) -> Cache | None:
    """Return the user's cache, or None if the user wants none."""
    return None if no_cache else Cache()


def progress_title(reference: str) -> str:
    """Return the label of a progress bar for the reference."""
    return "reading standard input" if reference == "-" else f"reading {printable_name(reference)}"


def warn(image: Image, tallies: Tallies, name: str = "") -> None:
    """Print a line to standard error for each problem of the image: its documents first, then its layers.

    With several images, each line starts with the ``name`` of the one it is about.
    """
    start = f"{name}: " if name else ""
    for sentence in image.warnings:
        warn_of(f"{start}{sentence}")
    for number, tally in tallies.layers.items():
        for sentence in (*tally.warnings, *([f"cannot be read whole: {tally.error}"] if tally.error else [])):
            warn_of(f"{start}layer {number}: {sentence}")


def warn_of_attestations(image: Image) -> None:
    """Print a line to standard error for each attestation that cannot be read or believed."""
    for problem in image.attestations.problems:
        warn_of(problem)


def warn_of(sentence: str) -> None:
    """Print one problem to standard error."""
    note(f"warning: {sentence}")
    narrate(f"warning: {printable_line(sentence)}")


def note_tables(image: Image) -> None:
    """Say which layers are listed from their tables of contents."""
    listed = [layer.number for layer in image.layers if layer.table is not None]
    if len(listed) == 1:
        narrate(f"layerscope: layer {listed[0]} is listed from its table of contents; --full reads it whole")
    elif listed:
        narrate(f"layerscope: {len(listed)} layers are listed from their tables of contents; --full reads them whole")


def say_left_out(limit: Limit) -> None:
    """Say on standard error how many rows a limit has left out."""
    if limit.left_out:
        narrate(f"{plural(limit.left_out, 'more row')} left out by --limit {limit.most}")


def print_layers(session: ImageSession, limit: int | None = None, *, as_json: bool = False) -> None:
    """Print the layers of an open image as a document or as a table, and warnings to standard error."""
    rows = Limit(limit)
    if as_json:
        # 2 ms, and a table needs none
        from layerscope.report.layers import write_layers_document  # noqa: PLC0415

        write_layers_document(session.image, session.tallies, sys.stdout, rows)
    else:
        from layerscope.report.layer_table import write_layer_table  # noqa: PLC0415  # 3 ms, and others print no table

        write_layer_table(session.image, session.tallies, sys.stdout, rows)
    say_left_out(rows)
    note_tables(session.image)
    warn(session.image, session.tallies)


def show(
    reference: str,
    image: str | None = None,
    platform: str | None = None,
    engine: Engine | None = None,
    *,
    as_json: bool,
    no_cache: bool,
    full: bool,
    as_list: bool = False,
    dockerfile: str | None = None,
) -> None:
    """Open the explorer on an image, or print its layers if that is asked for or stdout is not a terminal.

    ``dockerfile`` names the Dockerfile of an image that does not hold it. Without ``full``, layers of a registry are
    listed from their tables of contents.
    """
    if as_list or as_json or not has_screen():
        with opened(ImageRequest(reference, image, platform, engine, not full), no_cache=no_cache) as session:
            print_layers(session, as_json=as_json)
        return
    if not os.path.lexists(reference):
        # while an engine answers or standard input is copied; from opening a file, the thread would take more time
        start_thread(lambda: import_module("layerscope.tui.app"))
    cache = cache_unless(no_cache=no_cache)
    with ReadingProgress(progress_title(reference)) as progress:
        opened_image = open_or_choose(
            reference, image, platform, progress, engine=engine, cache=cache, from_tables=not full
        )
    with opened_image, terminal():
        if isinstance(opened_image, UndecidedImage):
            from layerscope.tui.images.chooser import explore_choice  # noqa: PLC0415  # 120 ms: Textual

            explore_choice(opened_image)
        else:
            opened_image.dockerfile_name = dockerfile
            _explore(opened_image)


def show_opened(session: ImageSession) -> None:
    """Open the explorer on an open image."""
    with terminal():
        _explore(session)


def _explore(session: ImageSession) -> None:
    # a process of its own reads the layers while this one imports the screen
    from layerscope.session.reading.background import read_in_background  # noqa: PLC0415  # 2 ms, and a list needs none

    reader = read_in_background(session, len(session.image.layers))
    try:
        from layerscope.tui.app import explore  # noqa: PLC0415  # 120 ms: Textual

        explore(session, reader)
    finally:
        reader.close()


def show_start() -> None:
    """Let the user choose what to open."""
    with terminal():
        from layerscope.tui.images.start import explore_local  # noqa: PLC0415  # as above

        explore_local(Cache())
