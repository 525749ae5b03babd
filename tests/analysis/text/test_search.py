import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.text.encoding import TextEncoding
from layerscope.analysis.text.search import Search, find_in_bytes, find_in_text, parse_search
from layerscope.errors import UsageError


def search(text: str) -> Search:
    found = parse_search(text)
    assert found is not None
    return found


def in_text(text: str, data: bytes, encoding: TextEncoding = TextEncoding.UTF_8, width: int = 5) -> list[int]:
    chunks = [data[at : at + width] for at in range(0, len(data), width)]
    return [offset for found in find_in_text(search(text), chunks, encoding) for offset in found.offsets]


def in_bytes(text: str, data: bytes, width: int = 5) -> list[int]:
    chunks = [data[at : at + width] for at in range(0, len(data), width)]
    return [offset for found in find_in_bytes(search(text), chunks) for offset in found.offsets]


@given(st.text("ab\né", max_size=60), st.text("abé", min_size=1, max_size=3), st.integers(1, 12))
def test_every_match_of_a_text_is_found_wherever_the_file_is_cut(text: str, wanted: str, width: int) -> None:
    expected, at = [], text.find(wanted)
    while at >= 0:
        expected.append(len(text[:at].encode()))
        at = text.find(wanted, at + len(wanted))
    assert in_text(wanted, text.encode(), width=width) == expected


@pytest.mark.parametrize("encoding", [TextEncoding.UTF_16_LE, TextEncoding.UTF_16_BE])
def test_offsets_count_bytes_of_the_encoding(encoding: TextEncoding) -> None:
    data = encoding.byte_order_mark + "one 世界\nthe 世界\n".encode(encoding)
    assert in_text("世", data, encoding) == [2 + 2 * 4, 2 + 2 * 11]


def test_invalid_bytes_do_not_shift_later_matches() -> None:
    assert in_text("x", b"\xff\xfe\xff x\n\xff x") == [4, 8]


def test_case_counts_if_a_capital_is_typed() -> None:
    assert in_text("error", b"Error error") == [0, 6]
    assert in_text("Error", b"Error error") == [0]
    assert in_bytes("elf", b"\x7fELF") == [1]


def test_regular_expressions_look_at_lines() -> None:
    assert in_text("re:^b.*$", b"ab\nbc\nbd\n") == [3, 6]
    assert in_text(r"re:a\s+b", b"a\nb a b") == [4], "no match reaches over the end of a line"
    assert in_text("re:x*", b"abc") == [], "nothing is no match"


def test_an_invalid_regular_expression_is_reported() -> None:
    with pytest.raises(UsageError, match="not a valid regular expression"):
        parse_search("re:(")


def test_an_expression_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.analysis.text.search._SECONDS_A_PIECE", 0.1)
    unlucky = "a" * 60 + "b"
    with pytest.raises(UsageError, match="takes too long"):
        in_text("re:(a|aa)+$", unlucky.encode())
    search = parse_search("re:(a|aa)+$")
    assert search is not None
    assert list(search.spans(unlucky)) == [], "what is drawn is not marked then"


def test_bytes_are_written_in_hex() -> None:
    assert in_bytes("0x7f 45", b"ab\x7fE\x7fe") == [2]
    assert in_text("0x7f", b"is 0x7f") == [3], "in a text it is text"


@given(st.binary(max_size=60), st.integers(1, 9))
def test_bytes_are_found_wherever_the_file_is_cut(data: bytes, width: int) -> None:
    data = data.replace(b"ab", b"") + b"ab" + data.replace(b"ab", b"")
    assert data.find(b"ab") in in_bytes("0x6162", data, width)


def test_nothing_is_nothing_to_look_for() -> None:
    assert parse_search("") is parse_search("re:") is None


def test_a_line_of_many_chunks_is_searched_as_it_comes() -> None:
    data = b"." * 200_000 + b"needle" + b"." * 100_000
    assert in_text("needle", data, width=50_001) == [200_000]
