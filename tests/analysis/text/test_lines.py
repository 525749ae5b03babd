import random

import pytest

from layerscope.analysis.text.encoding import LineEnd, TextEncoding, TextLine, detect_encoding, split_lines


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", TextEncoding.UTF_8),
        (b"plain\n", TextEncoding.UTF_8),
        ("Grüße, 世界\n".encode(), TextEncoding.UTF_8),
        (b"\xef\xbb\xbfmarked", TextEncoding.UTF_8_MARKED),
        ("hällo\n".encode("utf-16"), TextEncoding.UTF_16_LE),
        (b"\xfe\xff" + "hällo\n".encode("utf-16-be"), TextEncoding.UTF_16_BE),
        ("Grüße aus Köln\n".encode("latin-1"), TextEncoding.LATIN_1),
        (b"\x1b[31mred\x1b[0m\n\x0c", TextEncoding.UTF_8),
        (b"\x7fELF\x02\x01\x01\0\0\0", None),
        (b"a\0b", None),
        (bytes(range(1, 256)), None),
        (b"\x01\x02\x03\x04", None),
        (b"\xff\xfe\x00\xd8", None),
        ("多い".encode("shift-jis"), None),
        (random.Random(1).randbytes(5000).replace(b"\0", b"\1"), None),  # noqa: S311  # the same each time
    ],
)
def test_text_is_distinguished_from_binary_data_and_by_its_encoding(data: bytes, encoding: TextEncoding | None) -> None:
    assert detect_encoding(data) is encoding


def test_a_character_that_is_cut_at_the_end_of_a_head_is_no_mistake() -> None:
    head = "é".encode() * 10
    assert detect_encoding(head[:-1], whole=False) is TextEncoding.UTF_8
    assert detect_encoding(b"text, " * 9 + head[:1]) is TextEncoding.LATIN_1
    assert detect_encoding(b"text" * 20 + b"\xc3(" + b"text", whole=False) is TextEncoding.LATIN_1


def test_encodings_have_words() -> None:
    assert [encoding.word for encoding in TextEncoding][2] == "UTF-16, little-endian"


def test_lines_keep_their_ends_apart() -> None:
    lines = split_lines(b"a\r\nb\n\x0bc\x85\nd", TextEncoding.LATIN_1)
    assert lines == [
        TextLine("a", LineEnd.CRLF),
        TextLine("b", LineEnd.LF),
        TextLine("\x0bc\x85", LineEnd.LF),
        TextLine("d", LineEnd.NONE),
    ]
    assert split_lines(b"", TextEncoding.UTF_8) == []


def test_marks_are_no_part_of_a_text_and_bytes_that_do_not_fit_show_as_such() -> None:
    assert split_lines(b"\xef\xbb\xbfa\n", TextEncoding.UTF_8_MARKED) == [TextLine("a", LineEnd.LF)]
    assert split_lines("a\nb".encode("utf-16"), TextEncoding.UTF_16_LE)[1] == TextLine("b", LineEnd.NONE)
    assert split_lines(b"a\xff\n", TextEncoding.UTF_8) == [TextLine("a\ufffd", LineEnd.LF)]
