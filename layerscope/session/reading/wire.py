"""The frames in which the reader process sends its work: a small head, and raw columns.

A frame is the length of its head in four bytes, the head in JSON, and the buffers whose sizes the head gives. (The
integers of MessagePack end at 64 bits, and the sizes of sparse files have any sum.)
Columns are sent as the bytes that they are, because objects would have to be built with the interpreter lock held, and
the keys would wait. `EntryTable` and `PathIndex` declare their columns; this module does not know which there are.
"""

import json
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

import msgspec

from layerscope.analysis.tree.tally import LayerTally, Tallies
from layerscope.model.columns import Buffer, ColumnWriter, RowPaths, columns_from, columns_of, other_fields
from layerscope.model.content_facts import ContentFacts
from layerscope.model.documents import Digest
from layerscope.model.entries import EntryTable, LayerEntries, OpaqueWhiteout, Permissions, SparseMap, Whiteout, Xattrs
from layerscope.model.image import Layer

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree

_LENGTH = 4


class ReadOrder(msgspec.Struct, frozen=True):
    """The order for the reader process: the layers to read, and the one to start with.

    ``cache`` is the folder of the cache, if it is to be used, and ``label`` the image's name there. ``awaited`` layers
    are still to come, each by an `Arrival`.
    """

    layers: list[Layer]
    first: int
    cache: str | None = None
    label: str = ""
    awaited: list[int] = []


class Preference(msgspec.Struct, frozen=True, tag=True):
    """The number of the layer to read next."""

    layer: int


class Arrival(msgspec.Struct, frozen=True, tag=True):
    """A layer that was awaited."""

    layer: Layer


Message = Preference | Arrival
"""The messages that follow an order."""


class Head(msgspec.Struct, tag=True):
    """The head of any frame."""

    sizes: list[int] = []


class ProgressHead(Head, tag="progress"):
    """The progress of one layer, in stored bytes."""

    layer: int = 0
    done: int = 0


class TableHead(Head, tag="table"):
    """A layer that has been read; its columns follow. The head has the fields of its table that are not columns."""

    layer: int = 0
    permission_sets: list[Permissions] = []
    xattr_sets: list[Xattrs] = []
    xattrs: dict[int, int] = {}
    """The index in ``xattr_sets`` by row: a global header gives the same ones to each row of a layer."""
    devices: dict[int, tuple[int, int]] = {}
    sparse: dict[int, SparseMap] = {}


class EntriesHead(Head, tag="entries"):
    """The fields of a layer's entries beside its table, which comes before; the packed paths follow."""

    whiteouts: list[Whiteout] = []
    opaque_whiteouts: list[OpaqueWhiteout] = []
    warnings: list[str] = []
    error: str | None = None


class TreeHead(Head, tag="tree"):
    """The layers read so far, stacked; the columns of the path index follow."""

    layers: list[int] = []
    tallies: dict[int, LayerTally] = {}
    dead: dict[int, int] | None = None
    link_targets: dict[int, int] = {}
    large_sizes: dict[int, int] = {}
    large_written: dict[int, int] = {}
    last: bool = False


class FactsHead(Head, tag="facts"):
    """Facts about the content of the files of a layer; their columns follow."""


AnyHead = ProgressHead | TableHead | EntriesHead | TreeHead | FactsHead


def write_frame(file: ColumnWriter, head: AnyHead, buffers: Iterable[Buffer] = ()) -> None:
    """Write a frame and flush it; raises BrokenPipeError if the other process is gone."""
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    head.sizes = [len(view) for view in views]
    encoded = msgspec.json.encode(head)
    file.write(len(encoded).to_bytes(_LENGTH, "big") + encoded)
    for view in views:
        file.write(view)
    file.flush()


def read_frame(file: IO[bytes]) -> tuple[AnyHead, list[bytes]] | None:
    """Return the next frame, or None if the stream ends before or within it."""
    prefix = file.read(_LENGTH)
    length = int.from_bytes(prefix, "big")
    encoded = file.read(length)
    if len(prefix) < _LENGTH or len(encoded) < length:
        return None
    head: AnyHead = msgspec.json.decode(encoded, type=AnyHead)
    buffers = [file.read(size) for size in head.sizes]
    return (head, buffers) if [len(buffer) for buffer in buffers] == head.sizes else None


def write_message(file: IO[bytes], message: ReadOrder | Message) -> None:
    """Write the order for the reader process, or a message that follows it."""
    # The path of an archive may hold bytes that are not UTF-8, which the json module escapes and msgspec refuses.
    encoded = json.dumps(msgspec.to_builtins(message, enc_hook=str)).encode()
    file.write(len(encoded).to_bytes(_LENGTH, "big") + encoded)
    file.flush()


def read_order(file: IO[bytes]) -> ReadOrder:
    """Read the order for the reader process; raises BrokenPipeError if the stream ends within it."""
    return msgspec.convert(_read_json(file), type=ReadOrder, dec_hook=_digest)


def read_message(file: IO[bytes]) -> Message:
    """Wait for a message for the reader process; raises BrokenPipeError if the stream has ended."""
    message: Message = msgspec.convert(_read_json(file), type=Message, dec_hook=_digest)
    return message


def _read_json(file: IO[bytes]) -> object:
    size = int.from_bytes(_read_exactly(file, _LENGTH), "big")
    return json.loads(_read_exactly(file, size))


def _digest(_kind: type, text: str) -> Digest:
    return Digest.parse(text)


def _read_exactly(file: IO[bytes], size: int) -> bytes:
    """Read all the bytes from an unbuffered pipe, of which one read returns 64 KiB at most."""
    data = bytearray()
    while len(data) < size:
        part = file.read(size - len(data))
        if not part:
            raise BrokenPipeError
        data += part
    return bytes(data)


def send_table(file: ColumnWriter, layer: int, table: EntryTable) -> None:
    """Write the table of a layer."""
    sets = {id(xattrs): xattrs for xattrs in table.xattrs.values()}
    indices = {key: index for index, key in enumerate(sets)}
    fields = {
        **other_fields(table),
        "xattr_sets": list(sets.values()),
        "xattrs": {row: indices[id(xattrs)] for row, xattrs in table.xattrs.items()},
    }
    write_frame(file, TableHead(layer=layer, **fields), columns_of(table))


def table_from(head: TableHead, buffers: list[bytes]) -> EntryTable:
    """Return the table that a frame holds."""
    return EntryTable(
        **columns_from(EntryTable, buffers),
        permission_sets=head.permission_sets,
        xattrs={row: head.xattr_sets[index] for row, index in head.xattrs.items()},
        devices=head.devices,
        sparse=head.sparse,
    )


def send_entries(file: ColumnWriter, layer: int, entries: LayerEntries) -> None:
    """Write the entries of a layer or of a part of one, without their content."""
    send_table(file, layer, entries.table)
    head = EntriesHead(
        whiteouts=entries.whiteouts,
        opaque_whiteouts=entries.opaque_whiteouts,
        warnings=entries.warnings,
        error=entries.error,
    )
    write_frame(file, head, entries.paths.packed())


def read_entries(file: IO[bytes]) -> LayerEntries | None:
    """Return the entries that `send_entries` wrote, or None where the file holds something else."""
    match read_frame(file), read_frame(file):
        case (TableHead() as table_head, buffers), (EntriesHead() as head, packed):
            table = table_from(table_head, buffers)
            paths = RowPaths.unpacked(*packed) if len(table) else RowPaths()
            return LayerEntries(table, paths, head.whiteouts, head.opaque_whiteouts, head.warnings, head.error)
    return None


def send_facts(file: ColumnWriter, facts: ContentFacts, *, all_prefixes: bool = True) -> None:
    """Write facts about the content of a layer's files, of first bytes all or those that were asked for."""
    write_frame(file, FactsHead(), facts.packed(all_prefixes=all_prefixes))


def read_facts(file: IO[bytes]) -> ContentFacts | None:
    """Return the facts that `send_facts` wrote, or None where the file holds something else."""
    match read_frame(file):
        case FactsHead(), buffers:
            return ContentFacts.unpacked(buffers)
    return None


def send_tree(file: ColumnWriter, tree: "LayeredTree", tallies: Tallies, *, last: bool) -> None:
    """Write the path index of the layers read so far, and the tallies of the layers."""
    head = TreeHead(
        layers=list(tree.layers),
        tallies=dict(tallies.layers),
        dead=None if tallies.dead is None else dict(tallies.dead),
        last=last,
        **other_fields(tree.index),
    )
    write_frame(file, head, columns_of(tree.index))


def tree_from(head: TreeHead, buffers: list[bytes], tables: dict[int, EntryTable]) -> "tuple[LayeredTree, Tallies]":
    """Return the tree and the tallies that a frame holds, over tables that came before it."""
    # 5 ms, and the entries of layers need no tree
    from layerscope.analysis.tree import layered_tree, path_index  # noqa: PLC0415

    index = path_index.PathIndex(
        **columns_from(path_index.PathIndex, buffers),
        link_targets=head.link_targets,
        large_sizes=head.large_sizes,
        large_written=head.large_written,
    )
    # the root is there before the first layer
    tree = layered_tree.LayeredTree(index, {0: EntryTable(), **tables}, tuple(head.layers))
    return tree, Tallies(head.tallies, head.dead)


def read_tree(file: IO[bytes]) -> "tuple[LayeredTree, Tallies] | None":
    """Return the tree and the tallies of a file with tables and one tree, or None where it holds something else."""
    tables: dict[int, EntryTable] = {}
    while (frame := read_frame(file)) is not None:
        match frame:
            case TableHead() as head, buffers:
                tables[head.layer] = table_from(head, buffers)
            case TreeHead() as head, buffers:
                return tree_from(head, buffers, tables)
    return None
