import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.comparison.binary_difference import first_difference
from layerscope.analysis.text.diff import TextDiff, diff_texts, unified
from layerscope.analysis.text.encoding import TextEncoding
from layerscope.analysis.text.line_spans import changed_spans
from layerscope.analysis.text.lines import split_lines

words = st.text("ab \n", max_size=40)


def diff(left: str, right: str) -> TextDiff:
    return diff_texts(*(split_lines(text.encode(), TextEncoding.UTF_8) for text in (left, right)))


def printed(left: str, right: str) -> list[str]:
    """Return a unified diff as text."""
    found = diff(left, right)
    lines = []
    for hunk in found.hunks():
        lines.append(hunk.header)
        for mark, row in unified(hunk.rows):
            line = found.right[row.right] if mark == "+" and row.right is not None else None
            if line is None and row.left is not None:
                line = found.left[row.left]
            lines.append(mark + (line.text if line else ""))
    return lines


@given(words, words)
@settings(max_examples=300)
def test_the_rows_hold_every_line_of_both_texts_in_order_and_equal_ones_are_equal(left: str, right: str) -> None:
    found = diff(left, right)
    assert [row.left for row in found.rows if row.left is not None] == list(range(len(found.left)))
    assert [row.right for row in found.rows if row.right is not None] == list(range(len(found.right)))
    for row in found.rows:
        if not row.changed:
            assert row.left is not None
            assert row.right is not None
            assert found.left[row.left] == found.right[row.right]
    assert found.is_equal == (left == right)


@given(words, words)
@settings(max_examples=300)
def test_hunks_turn_the_left_text_into_the_right_one(left: str, right: str) -> None:
    found = diff(left, right)
    lines, shift = list(found.left), 0
    for hunk in found.hunks():
        at = hunk.left_start + shift
        new = [found.right[row.right] for mark, row in unified(hunk.rows) if mark != "-" and row.right is not None]
        assert len(new) == hunk.right_count
        lines[at : at + hunk.left_count] = new
        shift += hunk.right_count - hunk.left_count
    assert lines == list(found.right)


def test_a_unified_diff_reads_as_one_knows_it() -> None:
    left = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
    right = left.replace("four", "FOUR").replace("seven\n", "seven\neight\n")
    assert printed(left, right) == [
        "@@ -1,7 +1,8 @@",
        " one",
        " two",
        " three",
        "-four",
        "+FOUR",
        " five",
        " six",
        " seven",
        "+eight",
    ]
    assert diff(left, right).counts == (1, 2)


def test_changes_that_lie_far_apart_are_hunks_of_their_own() -> None:
    left = "".join(f"{n}\n" for n in range(50))
    assert [
        line for line in printed(left, left.replace("\n5\n", "\n").replace("\n40\n", "\nx\n")) if line[0] == "@"
    ] == [
        "@@ -3,7 +3,6 @@",
        "@@ -38,7 +37,7 @@",
    ]


def test_a_text_against_nothing() -> None:
    assert printed("", "a\nb\n") == ["@@ -0,0 +1,2 @@", "+a", "+b"]
    assert printed("a\n", "") == ["@@ -1 +0,0 @@", "-a"]
    assert printed("", "") == []


def test_other_ends_of_lines_are_a_change() -> None:
    assert not diff("a\nb\n", "a\r\nb\n").is_equal
    assert not diff("a\nb", "a\nb\n").is_equal


def test_lines_that_belong_together_tell_which_words_changed() -> None:
    found = diff("a\nthe old way = 1\nb\n", "a\nthe new way = 1\nb\nc\n")
    assert [found.spans(row) for row in found.rows] == [((), ()), (((4, 7),), ((4, 7),)), ((), ()), ((), ())]
    assert changed_spans("abc", "xyz") == ((), ())
    assert changed_spans("same", "same") == ((), ())
    assert changed_spans("a b", "a b c") == ((), ((3, 5),))


def test_of_endless_lines_the_middle_is_told() -> None:
    left = "x" * 100_000 + "old" + "y" * 100_000
    right = "x" * 100_000 + "newer" + "y" * 100_000
    assert changed_spans(left, right) == (((100_000, 100_003),), ((100_000, 100_005),))
    assert changed_spans("x" * 1000, "y" * 1000) == ((), ())
    assert changed_spans("x" * 1000, "x" * 1001) == ((), ((1000, 1001),))


def test_lines_of_one_word_again_and_again_take_no_longer_than_others() -> None:
    left = "x " * 230
    started = time.process_time()
    assert changed_spans(f"{left}one", f"{left}two") == (((460, 463),), ((460, 463),))
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("".join(f"{n}\n" for n in range(60_000)), "".join(f"{n}\n" if n % 2 else "new\n" for n in range(60_000))),
        ("a\nb\n" * 30_000, "b\nb\na\n" * 20_000),
        ("a\n" * 60_000, "a\nb\n" * 30_000),
        ("".join(f"{n % 700}\n" for n in range(60_000)), "".join(f"{n % 701}\n" for n in range(60_000))),
    ],
)
def test_large_texts_take_no_longer_than_their_size(left: str, right: str) -> None:
    started = time.process_time()
    found = diff(left, right)
    assert time.process_time() - started < 8
    assert len([row for row in found.rows if row.left is not None]) == len(found.left)


def test_what_was_not_looked_at_closely_is_said() -> None:
    assert diff("a\nb\n" * 3000, "b\na\na\n" * 3000).rough
    assert not diff("a\nb\n" * 30, "b\na\na\n" * 30).rough


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(1, 9), st.integers(1, 9))
def test_the_first_byte_that_differs(left: bytes, right: bytes, width: int, other_width: int) -> None:
    pieces = [left[at : at + width] for at in range(0, len(left), width)]
    others = [right[at : at + other_width] for at in range(0, len(right), other_width)]
    wanted = next((at for at in range(min(len(left), len(right))) if left[at] != right[at]), None)
    if wanted is None and left != right:
        wanted = min(len(left), len(right))
    assert first_difference(pieces, [b"", *others]) == wanted
