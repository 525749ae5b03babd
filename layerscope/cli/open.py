"""``layerscope IMAGE``: the explorer, or the layer table where nobody looks."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from layerscope.cli.debug_log import start_log
from layerscope.cli.layers import print_layers
from layerscope.cli.opening import opened, progress_title
from layerscope.cli.options import AsJson, DebugLog, Reference, WhichImage, WhichPlatform
from layerscope.cli.progress import ReadingProgress
from layerscope.errors import AmbiguousImage, UsageError

if TYPE_CHECKING:
    from layerscope.session.session import ImageSession
    from layerscope.sources.open import OpenedSource

_TERMINAL = "/dev/tty"
_STDIN, _STDOUT, _STDERR = 0, 1, 2


def open_image(
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """Open an image in the explorer; where standard output is no terminal, list its layers."""
    start_log(debug)
    show(reference, image, platform, as_json=as_json)


def show(reference: str, image: str | None = None, platform: str | None = None, *, as_json: bool = False) -> None:
    """Open the explorer on an image, or print its layers."""
    if sys.stdout.isatty() and not as_json:
        _explore(reference, image, platform)
        return
    with opened(reference, image, platform) as session:
        print_layers(session, as_json=as_json)


def _explore(reference: str, image: str | None, platform: str | None) -> None:
    from layerscope.session.session import ImageSession  # noqa: PLC0415  # nothing that --help needs
    from layerscope.sources.open import open_source  # noqa: PLC0415

    with ReadingProgress(progress_title(reference)) as progress:
        source = open_source(reference, progress=progress)
    with source, _terminal():
        try:
            chosen = source.choose(image, platform)
        except AmbiguousImage:
            _explore_choice(source)
        else:
            _explore_session(ImageSession(chosen, source))


def _explore_session(session: "ImageSession") -> None:
    # the layers are read in a process of their own, while this one imports the screen
    reader = session.read_in_background(first=len(session.image.layers))
    with ExitStack() as stack:
        stack.callback(reader.close)
        from layerscope.tui.app import explore  # noqa: PLC0415  # the heaviest import there is

        _collect_garbage_again()
        explore(session, reader)


def _explore_choice(source: "OpenedSource") -> None:
    from layerscope.tui.app import explore_choice  # noqa: PLC0415

    _collect_garbage_again()
    explore_choice(source)


def _collect_garbage_again() -> None:
    """Turn the collector on, which `run` has turned off, and let it leave alone what start-up has made."""
    gc.freeze()
    gc.enable()


@contextmanager
def _terminal() -> Iterator[None]:
    """Let the explorer read keys from the terminal and draw on it, wherever standard input and error lead.

    An archive may have come on standard input, and Textual draws on standard error. Raises UsageError where there is no
    terminal to read keys from.
    """
    with ExitStack() as stack:
        if not os.isatty(_STDIN):
            try:
                terminal = os.open(_TERMINAL, os.O_RDWR)
            except OSError as error:
                raise UsageError(f"there is no terminal to read keys from ({_TERMINAL}: {error.strerror})") from error
            _redirect(stack, terminal, _STDIN)
            os.close(terminal)
        if not os.isatty(_STDERR):
            _redirect(stack, _STDOUT, _STDERR)
        yield


def _redirect(stack: ExitStack, source: int, target: int) -> None:
    """Let a file descriptor lead where another one does, until the stack closes."""
    kept = os.dup(target)
    stack.callback(os.close, kept)
    stack.callback(os.dup2, kept, target)
    os.dup2(source, target)
