"""``layerscope cat``: the bytes of one file."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn
from layerscope.cli.options import DebugLog, LayerNumber, PathInImage, Reference, WhichImage, WhichPlatform
from layerscope.errors import FormatError, InvalidLayer
from layerscope.text import printable_name

if TYPE_CHECKING:
    from layerscope.session.open import ImageSession


def cat(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    path: PathInImage,
    layer: LayerNumber = None,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    debug: DebugLog = None,
) -> None:
    """Write the bytes of a file as they are after a layer, also of one that a later layer hid; links are followed."""
    from layerscope.report.file_output import write_raw, write_readable  # noqa: PLC0415  # nothing that --help needs
    from layerscope.session.files.path_contents import file_at  # noqa: PLC0415
    from layerscope.session.lookup import layer_number  # noqa: PLC0415

    start_log(debug)
    with opened(reference, image, platform) as session:
        number = layer_number(session.image, layer)
        warn(session)
        chunks = _chunks(session, file_at(session.loaded.tree, path, number), path)
        if sys.stdout.isatty():
            write_readable(chunks, printable_name(path), sys.stdout)
        else:
            write_raw(chunks, sys.stdout.buffer)


def _chunks(session: "ImageSession", file: int, path: str) -> Iterator[bytes]:
    """Yield the bytes of a file; raises InvalidLayer, which says of which."""
    try:
        yield from session.loaded.contents.chunks(file)
    except FormatError as error:
        layer = session.loaded.tree.index.layers[file]
        raise InvalidLayer(f"{printable_name(path)} cannot be read whole from layer {layer}: {error}") from error
