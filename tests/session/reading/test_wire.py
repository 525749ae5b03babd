import io

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tally import Tallies
from layerscope.model.entries import EntryTable, FileEntry, Kind
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.session.reading.layer_reading import LayerStack
from layerscope.session.reading.wire import (
    ReadOrder,
    TableHead,
    TreeHead,
    read_frame,
    read_order,
    send_table,
    send_tree,
    table_from,
    tree_from,
    write_message,
)
from tests.analysis.entries import directory, file, hardlink, layer, opaque, symlink, whiteout

HUGE = (1 << 63) - 1


def table_of_every_kind() -> EntryTable:
    table = layer(file("f", size=7), directory("d", xattrs=((b"user.\xff", b"\0"),)), symlink("s", "f")).table
    table.append(FileEntry(b"c", Kind.CHAR, device=(1, 3)), data_offset=512)
    table.append(hardlink("h", "f"))
    table.sparse[0] = ((0, 3), (HUGE, 4))
    return table


def test_a_table_arrives_as_it_was_sent() -> None:
    pipe, table = io.BytesIO(), table_of_every_kind()
    send_table(pipe, 1, table)
    pipe.seek(0)
    frame = read_frame(pipe)
    assert frame is not None
    head, buffers = frame
    assert isinstance(head, TableHead)
    assert table_from(head, buffers) == table


def test_xattrs_that_rows_share_are_sent_once() -> None:
    shared = ((b"user.a", b"x" * 10_000),)
    pipe, table = io.BytesIO(), layer(*(directory(f"d{number}", xattrs=shared) for number in range(100))).table
    send_table(pipe, 1, table)
    assert len(pipe.getvalue()) < 30_000


def sent(tree: LayeredTree, tallies: Tallies) -> tuple[LayeredTree, Tallies]:
    pipe = io.BytesIO()
    send_tree(pipe, tree, tallies, last=True)
    pipe.seek(0)
    frame = read_frame(pipe)
    assert frame is not None
    head, buffers = frame
    assert isinstance(head, TreeHead)
    return tree_from(head, buffers, dict(tree.tables))


def test_a_tree_arrives_as_it_was_sent() -> None:
    stack = LayerStack()
    stack.apply(1, layer(file("d/f", size=7), hardlink("d/h", "d/f"), directory("e")))
    stack.apply(2, layer(whiteout("d/f"), opaque("e"), error="it ends early"))
    assert sent(stack.tree(), stack.tallies()) == (stack.tree(), stack.tallies())


def test_sums_of_more_than_64_bits_arrive_as_they_were_sent() -> None:
    stack = LayerStack()
    stack.apply(1, layer(*(file(f"d/{number}", size=HUGE) for number in range(9))))
    stack.apply(2, layer(whiteout("d")))
    tree, tallies = sent(stack.tree(), stack.tallies())
    assert (tallies.content_size, tallies.dead_size) == (9 * HUGE, 9 * HUGE)
    assert tree.index.size_below(0, 1) == 9 * HUGE


def test_an_order_may_name_an_archive_that_is_not_utf8() -> None:
    blob = FileSpan("\udcff.tar", 512, 1024, 1024)
    order = ReadOrder([Layer(1, blob, Compression.GZIP), Layer(2, None, None, problem="it is missing")], 2)
    pipe = io.BytesIO()
    write_message(pipe, order)
    pipe.seek(0)
    assert read_order(pipe) == order
