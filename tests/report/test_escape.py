"""Escaping of text from images for other formats."""

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from layerscope.report.escape import (
    code_in_markdown,
    code_in_markdown_cell,
    in_csv,
    in_github_message,
    in_github_property,
    in_html,
    in_markdown,
    in_script,
    sentence_in_markdown,
)
from layerscope.text import printable_line

TEXT = st.text().map(printable_line)


@given(TEXT)
def test_html_reads_back_as_the_text(text: str) -> None:
    escaped = in_html(text)
    assert html.unescape(escaped) == text
    assert not set(escaped) & set("<>\"'")


@given(st.recursive(st.text(), st.lists))
def test_json_in_a_script_reads_back_and_cannot_end_it(value: object) -> None:
    escaped = in_script(value)
    assert json.loads(escaped) == value
    assert escaped.isascii()
    assert not set(escaped) & set("<>&\x7f")


@given(TEXT)
def test_markdown_prose_reads_back_as_plain_text(text: str) -> None:
    text = " ".join(text.split())
    (_, inline, _) = MarkdownIt("commonmark").parse(f"x {in_markdown(text)}")
    shown = "".join(child.content for child in inline.children or () if child.type != "html_inline")
    kinds = {child.type for child in inline.children or ()}
    assert shown == f"x {text}".strip()
    assert kinds <= {"text", "text_special", "html_inline"}
    assert all(child.content == "<!-- -->" for child in inline.children or () if child.type == "html_inline")


@pytest.mark.parametrize(
    "text", ["# title", "- item", "+ item", "1. item", "12) item", "> quote", "===", "---", "    code", "7.6 MB"]
)
def test_markdown_prose_starts_no_block(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(in_markdown(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in tokens[1].children or ()) == text.strip()


@pytest.mark.parametrize(
    "text", ["http://evil.example", "https://a", "www.evil.example", "WWW.evil.example", "@someone", "#12"]
)
def test_markdown_prose_has_no_mentions_and_no_links(text: str) -> None:
    assert text not in in_markdown(f"see {text} there")


@given(TEXT.filter(str.strip))
def test_markdown_code_reads_back_in_a_cell_of_a_table(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {code_in_markdown_cell(text)} | last |\n"
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(table)
    cells = [token for token in tokens if token.type == "inline"][2:]
    assert len(cells) == 2
    (code,) = list(cells[0].children or [])
    assert code.type == "code_inline"
    assert code.content.strip() == text.strip()


@given(TEXT.filter(str.strip))
def test_markdown_code_reads_back_in_a_list(text: str) -> None:
    (_, _, _, inline, *_) = MarkdownIt("gfm-like", {"linkify": False}).parse(f"- {code_in_markdown(text)}\n")
    (code,) = list(inline.children or [])
    assert (code.type, code.content.strip()) == ("code_inline", text.strip())


def test_markdown_code_has_a_longer_fence_and_no_escapes() -> None:
    assert code_in_markdown(r"RUN echo `date` \`x | cat") == r"``RUN echo `date` \`x | cat``"
    assert code_in_markdown("a ``b`` c") == "```a ``b`` c```"
    assert code_in_markdown("`id`") == "`` `id` ``"


def test_code_in_a_sentence_is_code_in_markdown() -> None:
    sentence = "Use `apt-get clean` here, or `a|b` in *this* layer."
    assert sentence_in_markdown(sentence) == r"Use `apt-get clean` here, or `a|b` in \*this\* layer."
    assert sentence_in_markdown("a ` in a name") == r"a \` in a name"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "=cmd|' /C calc'!A0"]
)
def test_cells_are_not_formulas(text: str) -> None:
    assert in_csv(text) == f"'{text}"


@pytest.mark.parametrize("text", ["/usr/bin", "RUN make", "a=b", "", "1"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert in_csv(text) == text


@given(st.text())
def test_github_commands_stay_on_their_line(text: str) -> None:
    assert not set(in_github_message(text)) & set("\r\n")
    assert not set(in_github_property(text)) & set("\r\n:,")
