import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from layerscope.analysis.text.encoding import LineEnd
from layerscope.tui.drawing.cells import styled
from layerscope.tui.drawing.glyphs import ASCII, UNICODE
from layerscope.tui.drawing.shown_line import shown_line
from layerscope.tui.drawing.syntax import Tone, find_lexer, tones_of

lines = st.text("ab \t\x1b\u202e世é\u0301", max_size=40)


@given(st.text(max_size=60), st.booleans())
def test_control_characters_are_escaped(text: str, invisibles: bool) -> None:  # Hypothesis
    shown = shown_line(text.replace("\n", ""), UNICODE, invisibles=invisibles)
    assert shown.text.isprintable()


def test_tabs_expand_to_the_next_stop() -> None:
    assert shown_line("\ta\tbcdefgh\t.", UNICODE).text == "        a       bcdefgh ."
    assert shown_line("世\t.", UNICODE).text == "世      .", "a wide character takes two cells"


def test_invisible_characters_can_be_shown() -> None:
    assert shown_line("a b\t.", UNICODE, end=LineEnd.CRLF, invisibles=True).text == "a·b→    .\\r\\n"
    assert shown_line("a b\t.", ASCII, end=LineEnd.LF, invisibles=True).text == "a.b>    .\\n"
    assert shown_line("a", UNICODE, end=LineEnd.NONE).text == "a (no line feed)"


def test_spans_of_a_row_map_to_spans_of_the_shown_line() -> None:
    shown = shown_line("a\x1bb\tc", UNICODE)
    assert shown.text == "a\\x1bb  c"
    assert [shown.text[slice(*shown.span(at, at + 1))] for at in range(5)] == ["a", "\\x1b", "b", "  ", "c"]
    assert shown.stand_ins == ((1, 5),)
    assert shown.span(2, 99) == (5, 9), "what is beyond the row is cut"


@given(lines, st.integers(2, 12))
def test_wrapped_parts_cover_the_text_and_fit(text: str, width: int) -> None:
    shown = shown_line(text, UNICODE)
    parts = shown.wrapped(width)
    assert "".join(shown.text[start:end] for start, end in parts) == shown.text
    assert all(cell_len(shown.text[start:end]) <= width for start, end in parts)
    assert parts


@given(lines, st.integers(0, 30), st.integers(1, 20))
def test_a_scrolled_line_starts_at_its_column(text: str, left: int, width: int) -> None:
    shown = shown_line(text, UNICODE)
    (start, end), empty = shown.part(left, width)
    assert empty <= 1
    if start < len(shown.text):
        assert cell_len(shown.text[:start]) == left + empty
        assert cell_len(shown.text[start:end]) + empty >= min(width, cell_len(shown.text[start:]))


def test_styles_add_up() -> None:
    base, bold, red = Style(color="blue"), Style(bold=True), Style(color="red")
    found = styled("abcdef", base, [(1, 4, bold), (3, 9, red), (5, 5, bold)])
    assert [(segment.text, segment.style) for segment in found] == [
        ("a", base),
        ("bc", base + bold),
        ("d", base + bold + red),
        ("ef", base + red),
    ]
    assert styled("", base, [(0, 4, bold)]) == []


@pytest.mark.parametrize(
    ("path", "head", "name"),
    [
        (b"etc/nginx/nginx.conf", b"", "Nginx configuration file"),
        (b"app/main.py", b"", "Python"),
        (b"usr/bin/tool", b"#!/usr/bin/env python3\n", "Python"),
        (b"usr/bin/tool", b"#!/bin/dash\n", "Bash"),
        (b"usr/bin/tool", b"#!/usr/bin/perl5.36 -w\n", "Perl"),
        (b"lib/Module.pm", b"package Module;\nour $VERSION = 1;\n", "Perl"),
        (b"etc/os-release", b"", "Bash"),
        (b"Dockerfile", b"", "Docker"),
    ],
)
def test_the_language_of_a_file_is_found_by_its_name_or_first_line(path: bytes, head: bytes, name: str) -> None:
    lexer = find_lexer(path, head)
    assert lexer is not None
    assert lexer.name == name


def test_a_text_of_an_unknown_language_has_no_colours() -> None:
    assert find_lexer(b"etc/passwd", b"root:x:0:0") is None
    assert find_lexer(b"x", b"#!/opt/own-shell\n") is None


def test_each_line_has_its_tones() -> None:
    lexer = find_lexer(b"a.py", b"")
    assert lexer is not None
    text = ['"""a', 'b"""', "def f():  # c", "    return 1"]
    tones = tones_of(lexer, text)
    assert tones is not None
    words = [[(line[start:end], tone) for start, end, tone in found] for line, found in zip(text, tones, strict=True)]
    assert words[:2] == [[('"""a', Tone.STRING)], [('b"""', Tone.STRING)]]
    assert words[2] == [("def", Tone.KEYWORD), ("f", Tone.NAME), ("# c", Tone.COMMENT)]
    assert words[3] == [("return", Tone.KEYWORD), ("1", Tone.FIGURE)]


def test_very_long_lines_have_no_colours() -> None:
    lexer = find_lexer(b"a.json", b"")
    assert lexer is not None
    assert tones_of(lexer, ["[" + "1," * 2000 + "1]"]) is None
    assert tones_of(lexer, []) == []
