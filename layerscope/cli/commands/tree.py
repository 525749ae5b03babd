"""``layerscope tree``: the files at a layer, with what that layer did to them."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli.changes import chosen_changes
from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn
from layerscope.cli.options import AsJson, DebugLog, LayerNumber, Reference, WhichImage, WhichPlatform

if TYPE_CHECKING:
    from layerscope.analysis.tree.change import ChangeKind


class SortKey(StrEnum):
    """How the rows are sorted."""

    NAME = "name"
    SIZE = "size"


Only = Annotated[
    str | None,
    typer.Option("--only", metavar="CHANGES", help="Only these rows: added,modified,removed,unchanged."),
]
Depth = Annotated[int | None, typer.Option("--depth", metavar="D", min=1, help="Only so many levels of folders.")]
Sort = Annotated[SortKey, typer.Option("--sort", help="By name, or the largest first.")]


def tree(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    layer: LayerNumber = None,
    only: Only = None,
    depth: Depth = None,
    sort: Sort = SortKey.NAME,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """List the files after a layer, marked with what that layer added, changed and removed."""
    from layerscope.report.tree.document import write_tree_document  # noqa: PLC0415  # nothing that --help needs
    from layerscope.report.tree.lines import write_tree_lines  # noqa: PLC0415
    from layerscope.report.tree.selection import TreeSelection  # noqa: PLC0415
    from layerscope.session.lookup import layer_number  # noqa: PLC0415

    start_log(debug)
    changes = _changes(only)
    with opened(reference, image, platform) as session:
        selection = TreeSelection(layer_number(session.image, layer), changes, depth, by_size=sort is SortKey.SIZE)
        write = write_tree_document if as_json else write_tree_lines
        write(session.loaded.tree, selection, sys.stdout)
        warn(session)


def _changes(only: str | None) -> frozenset["ChangeKind"]:
    from layerscope.analysis.tree.change import ChangeKind  # noqa: PLC0415

    return chosen_changes(only, [*list(ChangeKind)[1:], ChangeKind.UNCHANGED])
