"""Dockerfiles are split into instructions as BuildKit splits them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.dockerfile.parser import Heredoc, parse_dockerfile


def outline(text: str) -> list[tuple[int, int, str, str]]:
    found = parse_dockerfile(text).instructions
    return [(one.line, one.last_line, one.keyword, one.text) for one in found]


def test_comments_and_empty_lines_are_no_instructions() -> None:
    assert outline("# one\n\nFROM scratch\n  # two\n  cmd x\n") == [(3, 3, "FROM", "scratch"), (5, 5, "CMD", "x")]


def test_a_continued_line_skips_comments_and_empty_lines() -> None:
    text = "RUN echo \\\n  # why\n\n  one \\  \n  two\nCMD x"
    assert outline(text) == [(1, 5, "RUN", "echo   one   two"), (6, 6, "CMD", "x")]


def test_a_doubled_backslash_ends_a_line() -> None:
    assert outline("RUN echo \\\\\nCMD x") == [(1, 1, "RUN", "echo \\\\"), (2, 2, "CMD", "x")]


def test_the_escape_directive_changes_the_character() -> None:
    text = "# syntax=docker/dockerfile:1\n# escape=`\nRUN dir C:\\ `\n  /s\nCMD x"
    assert outline(text)[0] == (3, 4, "RUN", "dir C:\\   /s")


def test_a_comment_ends_the_directives() -> None:
    assert outline("# hello\n# escape=`\nRUN a \\\n b") == [(3, 4, "RUN", "a  b")]


def test_heredocs_belong_to_their_instruction() -> None:
    text = "COPY <<one <<-'two' /x/\na\none\n\tb $c\n\ttwo\nCMD x"
    copy, cmd = parse_dockerfile(text).instructions
    assert (copy.line, copy.last_line, cmd.line) == (1, 5, 6)
    assert copy.heredocs == (Heredoc("one", "a\n"), Heredoc("two", "b $c\n"))


@pytest.mark.parametrize(
    "line", ["RUN cat <<<EOF", "ENV X=<<EOF", 'RUN ["cat", "<<EOF"]', "RUN echo $((1<<2))", "RUN a>x"]
)
def test_what_only_looks_like_a_heredoc_ends_with_its_line(line: str) -> None:
    assert [one[0] for one in outline(f"{line}\nCMD x")] == [1, 2]


def test_a_heredoc_without_an_end_reaches_to_the_last_line() -> None:
    assert outline("RUN <<EOF\na\nb") == [(1, 3, "RUN", "<<EOF")]


def test_options_and_json_forms_are_read() -> None:
    copy, run = parse_dockerfile(
        'COPY --from=a --link "x y" z\nRUN --mount=type=bind,target=/x ["a", "b c"]'
    ).instructions
    assert (copy.flag("from"), copy.flag("chown"), copy.arguments) == ("a", None, '"x y" z')
    assert (run.flags, run.words) == (("--mount=type=bind,target=/x",), ["a", "b c"])
    assert parse_dockerfile("RUN [not json]").instructions[0].words is None


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert outline("\ufeffFROM a\r\nCMD b\r\n") == [(1, 1, "FROM", "a"), (2, 2, "CMD", "b")]


@given(st.text(alphabet="RUN <EOF\\\n#`\t\"'[]$", max_size=60))
def test_any_text_is_read_and_no_line_is_in_two_instructions(text: str) -> None:
    found = parse_dockerfile(text)
    lines = [line for one in found.instructions for line in range(one.line, one.last_line + 1)]
    assert lines == sorted(set(lines))
    assert not lines or lines[-1] <= len(found.lines)
