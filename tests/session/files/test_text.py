import gzip
import random
from pathlib import Path

import pytest

from layerscope.analysis.text.encoding import LineEnd, TextEncoding
from layerscope.errors import FormatError
from layerscope.model.image import Compression
from layerscope.session.files.pages import PAGE_SIZE, FilePages
from layerscope.session.files.text import FileText
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from tests.builders import OCI_CONFIG, OCI_LAYER, OciStore, file, image, layer, oci_archive, write_tar

LINES = b"".join(b"line %d of a text\n" % number for number in range(40_000))
BYTES = random.Random(1).randbytes(3 * PAGE_SIZE)  # noqa: S311  # the same each time


@pytest.fixture(params=[Compression.NONE, Compression.GZIP, Compression.ZSTD])
def compression(request: pytest.FixtureRequest) -> Compression:
    kind: Compression = request.param
    return kind


def session_of(tmp_path: Path, compression: Compression, content: bytes) -> ImageSession:
    path = oci_archive(tmp_path / "image.tar", image(layer(file("f", content))), compression=compression)
    return open_image(str(path))


def pages_of(session: ImageSession) -> FilePages:
    opened = session.load()
    node = opened.tree.index.find(b"f")
    assert node is not None
    return FilePages(opened, opened.tree.index.occurrence(node, 1))


def test_pages_hold_the_bytes_of_the_file(tmp_path: Path, compression: Compression) -> None:
    with session_of(tmp_path, compression, BYTES + b"end") as session:
        pages = pages_of(session)
        assert pages.size == len(BYTES) + 3
        for offset, size in ((0, 10), (PAGE_SIZE - 5, 10), (len(BYTES) - 1, 100), (pages.size + 5, 5), (7, 0)):
            assert pages.read(offset, size) == (BYTES + b"end")[offset : offset + size]
        assert b"".join(pages.chunks()) == BYTES + b"end"


def test_peek_never_waits_for_a_compressed_layer(tmp_path: Path) -> None:
    with session_of(tmp_path, Compression.GZIP, BYTES) as session:
        pages = pages_of(session)
        assert pages.peek(10, 5) is None
        pages.read(0, 1)
        assert pages.peek(10, 5) == BYTES[10:15]
        assert pages.peek(PAGE_SIZE - 1, 2) is None
        assert pages.peek(PAGE_SIZE - 1, 1) == BYTES[PAGE_SIZE - 1 : PAGE_SIZE]
    with session_of(tmp_path, Compression.NONE, BYTES) as session:
        assert pages_of(session).peek(10, 5) == BYTES[10:15], "a plain one is at hand"


def test_the_reason_for_unreadable_bytes_is_kept(tmp_path: Path) -> None:
    with session_of(tmp_path, Compression.GZIP, BYTES) as session:
        pages = pages_of(session)
        session.close()
        with pytest.raises(FormatError):
            pages.read(0, 1)
        assert pages.problem == "the image has been closed"
        assert pages.peek(0, 1) is None


def test_the_bytes_before_a_break_are_shown_but_reading_the_file_fails(tmp_path: Path) -> None:
    tar, kept = layer(file("f", BYTES[: PAGE_SIZE - 10])), 40_000
    store = OciStore()
    config = store.add(image(tar).config_json, OCI_CONFIG)
    blob = store.add(gzip.compress(tar[:kept], mtime=0)[:-8], f"{OCI_LAYER}+gzip")
    files = store.files([store.manifest(config, [blob])])
    with open_image(str(write_tar(tmp_path / "image.tar", files))) as session:
        pages = pages_of(session)
        head = pages.head(PAGE_SIZE)
        assert head == BYTES[: len(head)]
        assert kept - 2048 < len(head) < kept
        assert pages.peek(0, PAGE_SIZE) == head
        assert pages.is_loadable(0)
        assert not pages.is_loadable(len(head))
        for read in (lambda: pages.read(0, PAGE_SIZE), lambda: list(pages.chunks())):
            with pytest.raises(FormatError):
                read()


def test_rows_are_read_in_any_order(tmp_path: Path, compression: Compression) -> None:
    with session_of(tmp_path, compression, LINES) as session:
        text = FileText(pages_of(session), TextEncoding.UTF_8)
        assert list(text.build())[-1] == len(LINES)
        assert (text.index.rows, text.index.lines) == (40_000, 40_000)
        for number in (39_999, 0, 20_000):
            row = text.read_row(number)
            assert (row.line, row.text, row.end) == (number, f"line {number} of a text", LineEnd.LF)
            assert text.row_at(row.offset) == text.row_at(row.offset + 5) == number
            assert text.row(number) == row


def test_rows_are_available_before_all_are_counted(tmp_path: Path) -> None:
    with session_of(tmp_path, Compression.NONE, LINES) as session:
        text = FileText(pages_of(session), TextEncoding.UTF_8)
        building = text.build()
        done = next(building)
        assert done < len(LINES)
        assert 0 < text.index.rows < 40_000
        last = text.index.rows - 1
        assert text.read_row(last).text == f"line {last} of a text"


def test_a_long_line_continues_in_the_next_row(tmp_path: Path) -> None:
    line = "é" * 50_000
    with session_of(tmp_path, Compression.NONE, f"first\n{line}\r\nlast".encode()) as session:
        text = FileText(pages_of(session), TextEncoding.UTF_8)
        list(text.build())
        rows = [text.read_row(row) for row in range(text.index.rows)]
        assert [row.line for row in rows] == [0, *[1] * (len(rows) - 2), 2]
        assert "".join(row.text for row in rows[1:-1]) == line
        assert [row.end for row in rows] == [LineEnd.LF, *[None] * (len(rows) - 3), LineEnd.CRLF, LineEnd.NONE]
        assert [row.continued for row in rows] == [False, False, *[True] * (len(rows) - 3), False]


def test_a_byte_order_mark_is_not_part_of_the_first_row(tmp_path: Path) -> None:
    with session_of(tmp_path, Compression.NONE, "hällo\nwörld".encode("utf-16")) as session:
        text = FileText(pages_of(session), TextEncoding.UTF_16_LE)
        list(text.build())
        assert [text.read_row(row).text for row in (0, 1)] == ["hällo", "wörld"]
