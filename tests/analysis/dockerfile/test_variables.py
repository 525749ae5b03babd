"""Variables and quotes in the words of a Dockerfile."""

import pytest

from layerscope.analysis.dockerfile.variables import UNKNOWN, expand, split_words

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
