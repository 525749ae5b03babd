"""``layerscope extract``: copy files and folders out of an image."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from layerscope.cli.errors import ExitStatus
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import warn, warn_of
from layerscope.cli.options import LayerNumber
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.extraction import extract as extraction
from layerscope.extraction.completeness import unread_layers
from layerscope.extraction.failure import FileInTheWay
from layerscope.extraction.options import ExtractionOptions, LeftOut
from layerscope.session.lookup import layer_number, present_node
from layerscope.text import path_text, plural, printable_name

EXAMPLES = """\b
Examples:
  layerscope extract my-app.tar /etc/nginx --to out     out/etc/nginx
  layerscope extract my-app.tar / --to rootfs           the whole file system
  layerscope extract my-app.tar /srv/state --layer 6 --to out
  sudo layerscope extract my-app.tar / --to rootfs --owner --setuid --devices

Nothing is written outside DIR, and no link is followed. If anything fails, DIR
is left as it was."""

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...", help="Paths in the image; a folder with its content; / for all.", show_default=False
    ),
]
Target = Annotated[
    str,
    typer.Option("--to", metavar="DIR", help="The folder to write to; created if missing.", show_default=False),
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]
Setuid = Annotated[bool, typer.Option("--setuid", help="Keep setuid and setgid bits.")]
Devices = Annotated[bool, typer.Option("--devices", help="Create device nodes; requires root.")]
Partial = Annotated[bool, typer.Option("--partial", help="Write what could be read of an incomplete image.")]
Owner = Annotated[bool, typer.Option("--owner", help="Restore owners; requires root.")]


@image_command
def extract(
    named: NamedImage,
    paths: Paths,
    to: Target,
    *,
    layer: LayerNumber = None,
    force: Force = False,
    setuid: Setuid = False,
    devices: Devices = False,
    owner: Owner = False,
    partial: Partial = False,
) -> int:
    """Write files and folders as they are after a layer, at their paths below DIR: all of them, or nothing."""
    if not to:
        raise UsageError("--to takes a folder, not nothing")
    if not all(paths):
        raise UsageError("a path is empty: write / for all")
    options = ExtractionOptions(force=force, setuid=setuid, devices=devices, owners=owner, partial=partial)
    with named.opened() as session:
        number = layer_number(session.image, layer)
        warn(session.image, session.tallies)
        nodes = [present_node(session.loaded, path, number) for path in paths]
        if not partial:
            _check_complete(unread_layers(session.loaded, nodes, number))
        try:
            with ReadingProgress(f"writing to {printable_name(to)}") as progress:
                extracted = extraction.extract(session.loaded, nodes, number, to, options=options, progress=progress)
        except FileInTheWay as error:
            raise UsageError(f"{error}: use --force to replace it, or another folder") from error
    for sentence in _by_reason("left out", extracted.left_out):
        warn_of(sentence)
    for sentence in _by_reason("did not restore the owner of", extracted.foreign_owners):
        warn_of(sentence)
    narrate(f"wrote {extracted.words} to {printable_name(to)}")
    return ExitStatus.SUCCESS if extracted.is_complete else ExitStatus.ERROR


def _check_complete(unread: Sequence[int]) -> None:
    if unread:
        more = len(unread) - 1
        layers = f"layer {unread[0]}" + (f" and {plural(more, 'other layer')}" if more else "")
        raise UsageError(f"{layers} could not be read whole: use --partial to write what could be read")


def _by_reason(words: str, left_out: Sequence[LeftOut]) -> Iterator[str]:
    """Yield a sentence for each reason."""
    by_reason: dict[str, list[str]] = {}
    for each in left_out:
        by_reason.setdefault(each.reason, []).append(printable_name(path_text(each.path)))
    for reason, names in by_reason.items():
        more = f" (and {plural(len(names) - 1, 'more path')} for that reason)" if len(names) > 1 else ""
        yield f"{words} {names[0]}: {reason}{more}"
