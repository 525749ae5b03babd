import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.text.diff import TextDiff, changed_spans, diff_texts, unified
from layerscope.analysis.text.encoding import TextEncoding, split_lines

words = st.text("ab \n", max_size=40)


def diff(old: str, new: str) -> TextDiff:
    return diff_texts(*(split_lines(text.encode(), TextEncoding.UTF_8) for text in (old, new)))


def printed(old: str, new: str) -> list[str]:
    """Return a unified diff as text."""
    found = diff(old, new)
    lines = []
    for hunk in found.hunks():
        lines.append(hunk.header)
        for mark, row in unified(hunk.rows):
            line = found.new[row.new] if mark == "+" and row.new is not None else None
            if line is None and row.old is not None:
                line = found.old[row.old]
            lines.append(mark + (line.text if line else ""))
    return lines


@given(words, words)
@settings(max_examples=120)
def test_the_rows_hold_every_line_of_both_texts_in_order_and_equal_ones_are_equal(old: str, new: str) -> None:
    found = diff(old, new)
    assert [row.old for row in found.rows if row.old is not None] == list(range(len(found.old)))
    assert [row.new for row in found.rows if row.new is not None] == list(range(len(found.new)))
    for row in found.rows:
        if not row.changed:
            assert row.old is not None
            assert row.new is not None
            assert found.old[row.old] == found.new[row.new]
    assert found.is_equal == (old == new)


@given(words, words)
@settings(max_examples=120)
def test_hunks_turn_the_old_text_into_the_new_one(old: str, new: str) -> None:
    found = diff(old, new)
    lines, shift = list(found.old), 0
    for hunk in found.hunks():
        at = hunk.old_start + shift
        written = [found.new[row.new] for mark, row in unified(hunk.rows) if mark != "-" and row.new is not None]
        assert len(written) == hunk.new_count
        lines[at : at + hunk.old_count] = written
        shift += hunk.new_count - hunk.old_count
    assert lines == list(found.new)


def test_a_unified_diff_reads_as_one_knows_it() -> None:
    old = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
    new = old.replace("four", "FOUR").replace("seven\n", "seven\neight\n")
    assert printed(old, new) == [
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
    assert diff(old, new).counts == (1, 2)


def test_changes_that_lie_far_apart_are_hunks_of_their_own() -> None:
    old = "".join(f"{n}\n" for n in range(50))
    assert [line for line in printed(old, old.replace("\n5\n", "\n").replace("\n40\n", "\nx\n")) if line[0] == "@"] == [
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


def test_the_words_that_changed_in_paired_lines_are_marked() -> None:
    found = diff("a\nthe old way = 1\nb\n", "a\nthe new way = 1\nb\nc\n")
    assert [found.spans(row) for row in found.rows] == [((), ()), (((4, 7),), ((4, 7),)), ((), ()), ((), ())]
    assert changed_spans("abc", "xyz") == ((), ())
    assert changed_spans("same", "same") == ((), ())
    assert changed_spans("a b", "a b c") == ((), ((3, 5),))


def test_of_very_long_lines_only_the_middle_is_marked() -> None:
    old = "x" * 100_000 + "old" + "y" * 100_000
    new = "x" * 100_000 + "newer" + "y" * 100_000
    assert changed_spans(old, new) == (((100_000, 100_003),), ((100_000, 100_005),))
    assert changed_spans("x" * 1000, "y" * 1000) == ((), ())
    assert changed_spans("x" * 1000, "x" * 1001) == ((), ((1000, 1001),))


def test_lines_of_one_word_again_and_again_take_no_longer_than_others() -> None:
    old = "x " * 230
    started = time.process_time()
    assert changed_spans(f"{old}one", f"{old}two") == (((460, 463),), ((460, 463),))
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("".join(f"{n}\n" for n in range(60_000)), "".join(f"{n}\n" if n % 2 else "new\n" for n in range(60_000))),
        ("a\nb\n" * 30_000, "b\nb\na\n" * 20_000),
        ("a\n" * 60_000, "a\nb\n" * 30_000),
        ("".join(f"{n % 700}\n" for n in range(60_000)), "".join(f"{n % 701}\n" for n in range(60_000))),
    ],
    ids=["every other line", "repeated lines moved", "repeated lines added", "periods of another length"],
)
def test_large_texts_take_no_longer_than_their_size(old: str, new: str) -> None:
    started = time.process_time()
    found = diff(old, new)
    assert time.process_time() - started < 8
    assert len([row for row in found.rows if row.old is not None]) == len(found.old)


def test_files_beyond_the_budget_are_counted() -> None:
    assert diff("a\nb\n" * 3000, "b\na\na\n" * 3000).rough
    assert not diff("a\nb\n" * 30, "b\na\na\n" * 30).rough
