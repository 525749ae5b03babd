"""``layerscope tree``: list the files at a layer, with what that layer did to them."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from layerscope.analysis.tree.change import ChangeKind
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import note_tables, say_left_out, warn
from layerscope.cli.options import AsJson, Full, LayerNumber, RowLimit, parse_changes
from layerscope.report.json_document import Limit
from layerscope.report.tree import write_tree_document, write_tree_lines
from layerscope.report.tree_rows import TreeSelection
from layerscope.session.loaded_image import layer_number

EXAMPLES = """\b
Examples:
  layerscope tree my-app.tar --layer 3 --only added,modified,removed
  layerscope tree my-app.tar --depth 2 --sort size      which folders are large
  layerscope tree my-app.tar | grep nginx
  layerscope tree my-app.tar --json | jq '.entries[] | select(.size > 1e7)'"""

_CHANGES = (ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.REMOVED, ChangeKind.UNCHANGED)


class SortKey(StrEnum):
    """The order of the rows."""

    NAME = "name"
    SIZE = "size"


Only = Annotated[
    str | None,
    typer.Option("--only", metavar="CHANGES", help="Only these rows: added,modified,removed,unchanged."),
]
Depth = Annotated[int | None, typer.Option("--depth", metavar="D", min=1, help="The levels of folders to list.")]
Sort = Annotated[SortKey, typer.Option("--sort", help="By name, or the largest first.")]


@image_command
def tree(
    named: NamedImage,
    *,
    layer: LayerNumber = None,
    only: Only = None,
    depth: Depth = None,
    sort: Sort = SortKey.NAME,
    full: Full = False,
    limit: RowLimit = None,
    as_json: AsJson = False,
) -> None:
    """List the files after a layer, marked with what that layer added, changed and removed."""
    changes = parse_changes(only, _CHANGES)
    with named.opened(from_tables=not full) as session:
        number = layer_number(session.image, layer)
        is_writable = session.image.layers[number - 1].writable if number else False
        selection = TreeSelection(number, changes, depth, by_size=sort is SortKey.SIZE, writable=is_writable)
        rows = Limit(limit)
        write = write_tree_document if as_json else write_tree_lines
        write(session.load().tree, selection, sys.stdout, rows)
        say_left_out(rows)
        note_tables(session.image)
        warn(session.image, session.tallies)
