from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.text.encoding import LineEnd, TextEncoding, split_lines
from layerscope.analysis.text.index import TextIndex

BLOCK = 8

encodings = st.sampled_from([TextEncoding.UTF_8, TextEncoding.UTF_16_LE, TextEncoding.UTF_16_BE, TextEncoding.LATIN_1])


def encoded(text: str, encoding: TextEncoding) -> bytes:
    return encoding.byte_order_mark + text.encode(encoding, "replace")


def indexed(data: bytes, encoding: TextEncoding, width: int = 3) -> TextIndex:
    index = TextIndex(encoding, BLOCK)
    for at in range(0, len(data), width):
        index.feed(data[at : at + width])
    index.finish()
    return index


def starts(index: TextIndex, data: bytes) -> list[int]:
    """Return where all rows start, asked one by one."""
    found = []
    for row in range(index.rows):
        block, number = index.position_of(row)
        found.append(index.starts_in(block, data[block * BLOCK : (block + 1) * BLOCK])[number])
    return found


@given(st.text("ab\r\n\u010a\u0a0a世😀", max_size=70), encodings, st.integers(1, 20))
def test_rows_make_up_the_lines_of_a_text(text: str, encoding: TextEncoding, width: int) -> None:
    data = encoded(text, encoding)
    index = indexed(data, encoding, width)
    places = starts(index, data)
    assert places == sorted(set(places))
    joined: list[str] = []
    for row, (start, end) in enumerate(pairwise([*places, len(data)])):
        assert end - start <= 2 * BLOCK + 3
        part = data[start:end].decode(encoding).removeprefix("\ufeff" if row == 0 else "")
        assert index.is_continued(row) == (index.line_of(row) == len(joined) - 1)
        if index.is_continued(row):
            joined[-1] += part
        else:
            assert index.row_of(index.line_of(row)) == row
            joined.append(part)
    lines = split_lines(data, encoding)
    assert [line for line in joined if line] == [line.text + line.end for line in lines]
    assert index.lines == len(lines) or data == encoding.byte_order_mark
    assert index.line_feeds == sum(line.end is not LineEnd.NONE for line in lines)
    assert index.crlfs == sum(line.end is LineEnd.CRLF for line in lines)
    assert index.has_last_feed == (not lines or lines[-1].end is not LineEnd.NONE) or data == encoding.byte_order_mark


@given(st.text("ab\n", max_size=60))
def test_rows_known_before_the_end_do_not_change(text: str) -> None:
    data, index = text.encode(), TextIndex(TextEncoding.UTF_8, BLOCK)
    whole = indexed(data, TextEncoding.UTF_8)
    for at in range(0, len(data), 5):
        index.feed(data[at : at + 5])
        assert index.rows <= whole.rows
        assert [index.position_of(row) for row in range(index.rows)] == [
            whole.position_of(row) for row in range(index.rows)
        ]
        assert [index.line_of(row) for row in range(index.rows)] == [whole.line_of(row) for row in range(index.rows)]


def test_one_endless_line_is_cut_into_rows_between_characters() -> None:
    data = "é世".encode() * 40
    index = indexed(data, TextEncoding.UTF_8)
    places = starts(index, data)
    assert (index.lines, index.rows) == (1, len(data) // BLOCK)
    assert b"".join(data[a:b] for a, b in zip(places, [*places[1:], None], strict=True)).decode() == "é世" * 40
    for start, end in zip(places, [*places[1:], None], strict=True):
        data[start:end].decode()


@pytest.mark.parametrize("encoding", list(TextEncoding))
def test_an_empty_text_has_no_rows(encoding: TextEncoding) -> None:
    index = indexed(b"", encoding)
    assert (index.rows, index.lines, index.has_last_feed) == (0, 0, True)


def test_a_line_beyond_the_end_is_the_last_one() -> None:
    index = indexed(b"a\nb\nc\n", TextEncoding.UTF_8)
    assert [index.row_of(line) for line in (0, 2, 3, 10**9)] == [0, 2, 2, 2]
