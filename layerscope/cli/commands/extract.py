"""``layerscope extract``: copy files and folders out of an image."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from layerscope.cli.errors import ExitStatus
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import warn, warn_of
from layerscope.cli.options import LayerNumber, completed
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.extraction import extract as extraction
from layerscope.extraction.options import ExtractionOptions, FileInTheWay, Incomplete, LeftOut
from layerscope.session.loaded_image import layer_number, present_node
from layerscope.text import plural, printable_name, printable_path

EXAMPLES = """\b
Examples:
  layerscope extract my-app.tar /etc/nginx --to out     out/etc/nginx
  layerscope extract my-app.tar / --to rootfs           the whole file system
  layerscope extract my-app.tar /srv/state --layer 6 --to out
  sudo layerscope extract my-app.tar / --to rootfs --owner --setuid --devices \\
    --xattrs

Nothing is written outside DIR, and no link is followed.

Everything is written, or nothing: if a path cannot be read or written, DIR is
left as it was, and the status is 2. With --partial, paths that the image does
not hold whole (in a broken layer, a hard link without target) are left out.
Devices and xattrs whose option is not given, and owners and xattrs that this
system does not accept, are reported; the status is 0, unless nothing remains
to be written."""

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Paths in the image; a folder with its content; / for all.",
        show_default=False,
        autocompletion=completed("path"),
    ),
]
Target = Annotated[
    str,
    typer.Option("--to", metavar="DIR", help="The folder to write to; created if missing.", show_default=False),
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]
Setuid = Annotated[bool, typer.Option("--setuid", help="Keep setuid and setgid bits.")]
Devices = Annotated[bool, typer.Option("--devices", help="Create device nodes; requires root.")]
Owner = Annotated[bool, typer.Option("--owner", help="Restore owners; requires root.")]
Xattrs = Annotated[bool, typer.Option("--xattrs", help="Restore xattrs, ACLs and capabilities where the system can.")]
Partial = Annotated[bool, typer.Option("--partial", help="Write what could be read of an incomplete image.")]


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
    xattrs: Xattrs = False,
    partial: Partial = False,
) -> int:
    """Write files and folders as they are after a layer, at their paths below DIR: all of them, or nothing."""
    if not to:
        raise UsageError("--to takes a folder, not nothing")
    if not all(paths):
        raise UsageError("a path is empty: write / for all")
    options = ExtractionOptions(
        force=force, setuid=setuid, devices=devices, owners=owner, xattrs=xattrs, partial=partial
    )
    with named.opened() as session:
        number = layer_number(session.image, layer)
        warn(session.image, session.tallies)
        nodes = [present_node(session.load(), path, number) for path in paths]
        try:
            with ReadingProgress(f"writing to {printable_name(to)}") as progress:
                extracted = extraction.extract(session.load(), nodes, number, to, options=options, progress=progress)
        except FileInTheWay as error:
            raise UsageError(f"{error}: use --force to replace it, or another folder") from error
        except Incomplete as error:
            raise UsageError(f"{error}: use --partial to write the rest") from error
    for sentence in _by_reason(extracted.left_out):
        warn_of(sentence)
    if count := extracted.with_xattrs:
        warn_of(
            f"left out the xattrs of {plural(count, 'path')}: use --xattrs to restore xattrs, ACLs and capabilities"
        )
    narrate(f"wrote {extracted.words} to {printable_name(to)}")
    return ExitStatus.SUCCESS


def _by_reason(left_out: Iterable[LeftOut]) -> Iterator[str]:
    """Yield a sentence for each reason, with the first of the paths."""
    by_reason: dict[str, dict[bytes, str]] = {}
    for path, reason, part in left_out:
        by_reason.setdefault(reason, {}).setdefault(path, part)
    for reason, parts in by_reason.items():
        path, part = next(iter(parts.items()))
        name = f"{part} of {printable_path(path)}" if part else printable_path(path)
        more = f" (and {plural(len(parts) - 1, 'more path')} for that reason)" if len(parts) > 1 else ""
        yield f"left out {name}: {reason}{more}"
