import pytest

from layerscope.analysis.text.diff import diff_texts
from layerscope.analysis.text.encoding import TextEncoding, split_lines
from layerscope.analysis.text.search import parse_search
from layerscope.errors import UsageError
from layerscope.tui.file_diff.layout import matching_rows


def found(old: str, new: str, text: str) -> list[int]:
    before, after = (split_lines(each.encode(), TextEncoding.UTF_8) for each in (old, new))
    search = parse_search(text)
    assert search is not None
    return matching_rows(diff_texts(before, after), search)


def test_a_row_matches_if_either_version_does() -> None:
    assert found("a\nold\nz\n", "a\nnew\nz\n", "old") == found("a\nold\nz\n", "a\nnew\nz\n", "new") == [1]
    assert found("a\nold\nz\n", "a\nz\n", "z") == [2]
    assert found("a\n", "a\nmore\n", "MORE") == []


def test_a_match_does_not_cross_a_line_end() -> None:
    assert found("one\ntwo\n", "one\ntwo\n", r"re:one\stwo") == []
    assert found("one\ntwo\n", "one\ntwo\n", "re:^two$") == [1]


def test_an_expression_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(UsageError, match="takes too long"):
        found("a" * 5000 + "\n", "", "re:(a|aa)+$b")
