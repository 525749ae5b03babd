"""How the reader process hands its work over: length-prefixed frames of raw columns.

A frame is its length in four bytes, a MessagePack head of that length, and then the buffers whose sizes the head gives.
Columns travel as the bytes they are: objects would have to be built with the interpreter lock held, while keys wait.
"""

from array import array
from collections.abc import Sequence
from typing import IO

import msgspec

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.overlay import LayerTally
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.model.entries import EntryTable, Ints, Permissions, SparseMap, Xattrs
from layerscope.model.image import Layer
from layerscope.session.reading.stack import Tallies

_TABLE_CODES = ("q", "I", "q", "q", "I", "I")
_INDEX_CODES = ("I", "I", "H", "I", "I", "H", "i", "Q", "q", "I")
_LENGTH = 4

Buffer = bytes | bytearray | array  # type: ignore[type-arg]  # subscripted from Python 3.12 on


class ReadOrder(msgspec.Struct, frozen=True):
    """What the reader process is asked: these layers, this one first."""

    layers: list[Layer]
    first: int


class Head(msgspec.Struct, tag=True):
    """The head of any frame."""

    sizes: list[int] = []


class ProgressHead(Head, tag="progress"):
    """How far the reading of a layer has come, in stored bytes."""

    layer: int = 0
    done: int = 0


class TableHead(Head, tag="table"):
    """A layer has been read; its columns follow. What few rows have is in the head."""

    layer: int = 0
    permission_sets: list[Permissions] = []
    xattrs: dict[int, Xattrs] = {}
    devices: dict[int, tuple[int, int]] = {}
    sparse: dict[int, SparseMap] = {}


class TreeHead(Head, tag="tree"):
    """The layers read so far, stacked; the columns of the path index follow."""

    layers: list[int] = []
    tallies: dict[int, LayerTally] = {}
    dead: dict[int, int] | None = None
    link_targets: dict[int, int] = {}
    last: bool = False


AnyHead = ProgressHead | TableHead | TreeHead


def write_frame(file: IO[bytes], head: AnyHead, buffers: Sequence[Buffer] = ()) -> None:
    """Write a frame and flush it; BrokenPipeError where nobody reads any more."""
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    head.sizes = [len(view) for view in views]
    encoded = msgspec.msgpack.encode(head)
    file.write(len(encoded).to_bytes(_LENGTH, "big") + encoded)
    for view in views:
        file.write(view)
    file.flush()


def read_frame(file: IO[bytes]) -> tuple[AnyHead, list[bytes]] | None:
    """Return the next frame, or None where the stream ends, be it in the middle of a frame."""
    prefix = file.read(_LENGTH)
    length = int.from_bytes(prefix, "big")
    encoded = file.read(length)
    if len(prefix) < _LENGTH or len(encoded) < length:
        return None
    head: AnyHead = msgspec.msgpack.decode(encoded, type=AnyHead)
    buffers = [file.read(size) for size in head.sizes]
    return (head, buffers) if [len(buffer) for buffer in buffers] == head.sizes else None


def write_order(file: IO[bytes], order: ReadOrder) -> None:
    """Write what the reader process is asked."""
    encoded = msgspec.msgpack.encode(order)
    file.write(len(encoded).to_bytes(_LENGTH, "big") + encoded)
    file.flush()


def read_order(file: IO[bytes]) -> ReadOrder:
    """Read the order for the reader process; raises BrokenPipeError if the stream ends within it."""
    return msgspec.msgpack.decode(
        _read_exactly(file, int.from_bytes(_read_exactly(file, _LENGTH), "big")), type=ReadOrder
    )


def _read_exactly(file: IO[bytes], size: int) -> bytes:
    """Read all the bytes from an unbuffered pipe, of which one read returns 64 KiB at most."""
    data = bytearray()
    while len(data) < size:
        part = file.read(size - len(data))
        if not part:
            raise BrokenPipeError
        data += part
    return bytes(data)


def write_preference(file: IO[bytes], layer: int) -> None:
    """Write the number of the layer that is wanted before the others."""
    file.write(layer.to_bytes(_LENGTH, "big"))
    file.flush()


def read_preference(file: IO[bytes]) -> int | None:
    """Read the number of the layer that is wanted before the others, or None where the stream ends."""
    data = file.read(_LENGTH)
    return int.from_bytes(data, "big") if len(data) == _LENGTH else None


def send_table(file: IO[bytes], layer: int, table: EntryTable) -> None:
    """Write the table of a layer."""
    head = TableHead(
        layer=layer,
        permission_sets=table.permission_sets,
        xattrs=table.xattrs,
        devices=table.devices,
        sparse=table.sparse,
    )
    numbers = (table.sizes, table.permissions, table.mtimes, table.data_offsets, table.link_rows, table.link_ends)
    write_frame(file, head, (table.kinds, table.links, *numbers))


def table_from(head: TableHead, buffers: list[bytes]) -> EntryTable:
    """Return the table that a frame holds."""
    table = EntryTable()
    table.kinds, table.links = bytearray(buffers[0]), bytearray(buffers[1])
    columns = [_column(code, data) for code, data in zip(_TABLE_CODES, buffers[2:], strict=True)]
    table.sizes, table.permissions, table.mtimes, table.data_offsets, table.link_rows, table.link_ends = columns
    table.permission_sets = head.permission_sets
    table.xattrs, table.devices, table.sparse = head.xattrs, head.devices, head.sparse
    return table


def send_tree(file: IO[bytes], tree: LayeredTree, tallies: Tallies, *, last: bool) -> None:
    """Write the path index of the layers read so far, and what they came to."""
    index = tree.index
    head = TreeHead(
        layers=list(tree.layers),
        tallies=dict(tallies.layers),
        dead=None if tallies.dead is None else dict(tallies.dead),
        link_targets=index.link_targets,
        last=last,
    )
    columns = (index.parents, index.ends, index.depths, index.name_ends, index.firsts, index.layers, index.rows)
    write_frame(file, head, (index.names, index.changes, *columns, index.size_keys, index.size_values, index.opaque))


def tree_from(head: TreeHead, buffers: list[bytes], tables: dict[int, EntryTable]) -> tuple[LayeredTree, Tallies]:
    """Return the tree and the tallies that a frame holds, over tables that came before it."""
    columns = [_column(code, data) for code, data in zip(_INDEX_CODES, buffers[2:], strict=True)]
    parents, ends, depths, name_ends, firsts, layers, rows, size_keys, size_values, opaque = columns
    index = PathIndex(
        parents=parents,
        ends=ends,
        depths=depths,
        name_ends=name_ends,
        names=buffers[0],
        firsts=firsts,
        layers=layers,
        rows=rows,
        changes=buffers[1],
        size_keys=size_keys,
        size_values=size_values,
        link_targets=head.link_targets,
        opaque=opaque,
    )
    return LayeredTree(index, dict(tables), tuple(head.layers)), Tallies(head.tallies, head.dead)


def _column(code: str, data: bytes) -> Ints:
    column = array(code)
    column.frombytes(data)
    return column
