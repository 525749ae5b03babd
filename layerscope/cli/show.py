"""Opens the explorer on an image, or lists its layers where nobody looks. Typer is not needed for it."""

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from layerscope.cli.opening import opened, progress_title
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.terminal import collect_garbage_again, terminal

if TYPE_CHECKING:
    from layerscope.session.open import ImageSession, UndecidedImage


def show(reference: str, image: str | None = None, platform: str | None = None, *, as_json: bool = False) -> None:
    """Open the explorer on an image, or print its layers."""
    if sys.stdout.isatty() and not as_json:
        _explore(reference, image, platform)
        return
    from layerscope.cli.commands.layers import print_layers  # noqa: PLC0415  # a command's module, with Typer

    with opened(reference, image, platform) as session:
        print_layers(session, as_json=as_json)


def _explore(reference: str, image: str | None, platform: str | None) -> None:
    from layerscope.session.open import ImageSession, open_or_choose  # noqa: PLC0415  # nothing that --help needs

    with ReadingProgress(progress_title(reference)) as progress:
        opened_image = open_or_choose(reference, image, platform, progress)
    with opened_image, terminal():
        if isinstance(opened_image, ImageSession):
            _explore_session(opened_image)
        else:
            _explore_choice(opened_image)


def _explore_session(session: "ImageSession") -> None:
    # the layers are read in a process of their own, while this one imports the screen
    reader = session.read_in_background(first=len(session.image.layers))
    with ExitStack() as stack:
        stack.callback(reader.close)
        from layerscope.tui.app import explore  # noqa: PLC0415  # the heaviest import there is

        collect_garbage_again()
        explore(session, reader)


def _explore_choice(undecided: "UndecidedImage") -> None:
    from layerscope.tui.app import explore_choice  # noqa: PLC0415

    collect_garbage_again()
    explore_choice(undecided)
