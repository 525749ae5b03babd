"""Variables and quotes in the words of a Dockerfile."""

import pytest

from layerscope.analysis.dockerfile.variables import UNKNOWN, expand, split_words, used_values

VARIABLES = {"A": "1", "EMPTY": ""}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("$A", "1"),
        ("${A}/x", "1/x"),
        ("$B", ""),
        ("'$A'", "$A"),
        ('"$A b"', "1 b"),
        (r"\$A", "$A"),
        (r'"a\"b\c"', r'a"b\c'),
        ("${B:-x}", "x"),
        ("${B:-$A}", "1"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${A:+x}", "x"),
        ("${B+x}", ""),
        ("${A:?needed}", "1"),
        ("${B:-${C:-z}}", "z"),
        ("$", "$"),
        ("${A#x}", UNKNOWN),
        ("${", UNKNOWN),
    ],
)
def test_a_word_is_expanded_as_the_reference_says(word: str, value: str) -> None:
    assert expand(word, VARIABLES, "\\") == value


@pytest.mark.parametrize(
    ("text", "expanded", "values"),
    [
        ("v-$A", "v-1", {"A": "1"}),
        ("${A}-$B /$A", "1-2 /1", {"A": "1", "B": "2"}),
        ("${A}-$B /$A", "1-2 /2", {}),
        ("$A", "two words", {}),
        ("$A$B$C$D", "1234", {}),
        ("a", "a", {}),
    ],
)
def test_the_values_in_an_expanded_text_are_found(text: str, expanded: str, values: dict[str, str]) -> None:
    assert used_values(text, expanded) == values


def test_another_escape_character_leaves_backslashes_alone() -> None:
    assert expand(r"C:\$A`$", VARIABLES, "`") == r"C:\1$"


def test_quoted_spaces_end_no_word() -> None:
    assert split_words(r"""a="b c" d\ e 'f g'  h""", "\\") == ['a="b c"', r"d\ e", "'f g'", "h"]


def test_a_value_that_doubles_with_each_line_stays_small() -> None:
    value = "x"
    for _ in range(60):
        value = expand("$A$A", {"A": value}, "\\")
    assert len(value) <= 65_536


def test_many_nested_values_are_unknown() -> None:
    assert UNKNOWN in expand("${B:-" * 100 + "x" + "}" * 100, {}, "\\")
