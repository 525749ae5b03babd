"""``layerscope extract``: files and folders out of an image."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn, warn_of
from layerscope.cli.options import DebugLog, LayerNumber, Reference, WhichImage, WhichPlatform
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate
from layerscope.errors import UsageError
from layerscope.text import path_text, plural, printable_name

if TYPE_CHECKING:
    from layerscope.extraction.options import LeftOut

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...", help="Paths in the image, folders with all below; / for all.", show_default=False
    ),
]
Target = Annotated[
    str,
    typer.Option("--to", metavar="DIR", help="The folder to write to; made where it is missing.", show_default=False),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
Setuid = Annotated[bool, typer.Option("--setuid", help="Keep setuid and setgid bits.")]
Devices = Annotated[bool, typer.Option("--devices", help="Make device nodes; takes root.")]
Owner = Annotated[bool, typer.Option("--owner", help="Restore owners; takes root.")]


def extract(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    paths: Paths,
    to: Target,
    layer: LayerNumber = None,
    force: Force = False,
    setuid: Setuid = False,
    devices: Devices = False,
    owner: Owner = False,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    debug: DebugLog = None,
) -> None:
    """Write files and folders as they are after a layer, at their paths below DIR: all of it, or nothing."""
    from layerscope.extraction import extract as extraction  # noqa: PLC0415  # nothing that --help needs
    from layerscope.extraction.failure import FileInTheWay  # noqa: PLC0415
    from layerscope.extraction.options import ExtractionOptions  # noqa: PLC0415
    from layerscope.session.lookup import layer_number, present_node  # noqa: PLC0415

    start_log(debug)
    if not to:
        raise UsageError("--to takes a folder, not nothing")
    if not all(paths):
        raise UsageError("a path is empty: / stands for all")
    options = ExtractionOptions(force=force, setuid=setuid, devices=devices, owners=owner)
    with opened(reference, image, platform) as session:
        number = layer_number(session.image, layer)
        warn(session)
        nodes = [present_node(session.loaded.tree, path, number) for path in paths]
        try:
            with ReadingProgress(f"writing to {printable_name(to)}") as progress:
                found = extraction.extract(session.loaded, nodes, number, to, options=options, progress=progress)
        except FileInTheWay as error:
            raise UsageError(f"{error}: use --force to replace it, or another folder") from error
    for sentence in _left_out(found.left_out):
        warn_of(sentence)
    narrate(f"wrote {found.words} to {printable_name(to)}")


def _left_out(left_out: Sequence["LeftOut"]) -> Iterator[str]:
    """Yield a sentence for each reason."""
    by_reason: dict[str, list[str]] = {}
    for each in left_out:
        by_reason.setdefault(each.reason, []).append(printable_name(path_text(each.path)))
    for reason, names in by_reason.items():
        others = plural(len(names) - 1, "more path")
        more = f" (and {others} for that reason)" if len(names) > 1 else ""
        yield f"left out {names[0]}: {reason}{more}"
