from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.text.diff import TextDiff, diff_texts
from layerscope.analysis.text.encoding import LineEnd, TextEncoding, split_lines
from layerscope.tui.file_diff.layout import DiffLine, EndsOnly, Fold, change_starts, ends_only, layout

words = st.text("ab \n", max_size=60)
NUMBERS = "".join(f"{n}\n" for n in range(1, 31))


def diff(old: str, new: str) -> TextDiff:
    return diff_texts(*(split_lines(text.encode(), TextEncoding.UTF_8) for text in (old, new)))


def drawn(found: TextDiff, *, in_one_column: bool = True, opened: frozenset[int] = frozenset()) -> list[str]:
    """Return what is shown, a fold as the number of its rows."""
    lines = []
    for item in layout(found, in_one_column=in_one_column, folded=True, opened=opened):
        if isinstance(item, Fold):
            lines.append(f"({item.rows})")
            continue
        old = "" if item.row.old is None else found.old[item.row.old].text
        new = "" if item.row.new is None else found.new[item.row.new].text
        lines.append(item.mark + {"-": old, "+": new, " ": old}.get(item.mark, f"{old}|{new}"))
    return lines


def test_unchanged_lines_are_folded_except_near_a_change() -> None:
    found = diff(NUMBERS, NUMBERS.replace("15\n", "fifteen\n"))
    assert drawn(found) == ["(11)", " 12", " 13", " 14", "-15", "+fifteen", " 16", " 17", " 18", "(12)"]
    assert drawn(found, in_one_column=False)[3:6] == [" 14", "~15|fifteen", " 16"]


def test_a_fold_can_be_opened() -> None:
    found = diff(NUMBERS, NUMBERS.replace("15\n", "fifteen\n"))
    fold = layout(found, in_one_column=True, folded=True)[0]
    assert isinstance(fold, Fold)
    assert drawn(found, opened=frozenset({fold.start}))[:2] == [" 1", " 2"]
    assert drawn(found, opened=frozenset({fold.start}))[-1] == "(12)"


def test_one_or_two_lines_are_not_folded() -> None:
    found = diff(NUMBERS, NUMBERS.replace("5\n", "five\n", 1).replace("\n13\n", "\nthirteen\n"))
    assert not [line for line in drawn(found)[:15] if line.startswith("(")]


@given(words, words, st.booleans())
def test_every_row_is_shown_or_folded(old: str, new: str, in_one_column: bool) -> None:  # Hypothesis
    found = diff(old, new)
    whole = layout(found, in_one_column=in_one_column, folded=False)
    rows = [item.row for item in whole if isinstance(item, DiffLine)]
    assert len(rows) == len(whole)
    assert set(rows) == set(found.rows)
    folded = layout(found, in_one_column=in_one_column, folded=True)
    hidden = sum(item.rows for item in folded if isinstance(item, Fold))
    assert sum(isinstance(item, DiffLine) for item in folded) + hidden == len(whole)
    assert [item.row for item in folded if isinstance(item, DiffLine) and item.row.changed] == [
        row for row in rows if row.changed
    ]


def test_changes_are_runs_of_changed_rows() -> None:
    found = diff("a\nb\nc\nd\n", "x\ny\nc\nd\ne\n")
    assert change_starts(layout(found, in_one_column=True, folded=True)) == [0, 6]
    assert change_starts(layout(diff("a", "a"), in_one_column=True, folded=True)) == []


def test_texts_that_differ_only_in_their_line_ends_are_recognized() -> None:
    assert ends_only(diff("a\nb\n", "a\r\nb\r\n")) == EndsOnly(frozenset({LineEnd.LF}), frozenset({LineEnd.CRLF}))
    assert ends_only(diff("a\nb", "a\nb\n")) == EndsOnly(frozenset({LineEnd.NONE}), frozenset({LineEnd.LF}))
    assert ends_only(diff("a\nb\n", "a\r\nc\r\n")) is None
    assert ends_only(diff("a\n", "a\n")) is None
