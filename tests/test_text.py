"""Text for people: names that a user types back, and shares."""

import pytest

from layerscope.text import human_share, printable_name, typed_names


@pytest.mark.parametrize(
    "name",
    [
        b"plain",
        b"d\xe4m",
        b"back\\slash",
        b"esc\x1b[31m",
        "bidi\u202ex".encode(),
        b"new\nline",
        b"d\\xe4m",
        b"c\xc2\x85d",
        b"c\x85d",
        "heart\u2764\ufe0f".encode(),
    ],
)
def test_a_name_can_be_typed_as_it_is_shown(name: bytes) -> None:
    assert name in typed_names(printable_name(name))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("invisible\u3164", "invisible\\u3164"),
        ("\u2764\ufe0f.txt", "\u2764\\ufe0f.txt"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\\U0001f3fd"),
        ("\U0001f1e9\U0001f1ea", "\\U0001f1e9\\U0001f1ea"),
        ("e\u0301 \u65e5 \U0001f389", "e\u0301 \u65e5 \U0001f389"),
    ],
)
def test_what_shows_nothing_or_has_another_width_in_another_terminal_is_escaped(name: str, shown: str) -> None:
    assert printable_name(name) == shown


@pytest.mark.parametrize("text", [r"d\xe4m", r"a\b", r"\x", r"\uZZZZ", r"\U0011ffff", "\\"])
def test_the_literal_name_comes_first(text: str) -> None:
    assert typed_names(text)[0] == text.encode()


@pytest.mark.parametrize("text", ["plain", "a b", "dam", r"\x61", r"a\b", "\\"])
def test_a_text_without_a_needed_escape_means_only_itself(text: str) -> None:
    assert typed_names(text) == [text.encode()]


@pytest.mark.parametrize(
    ("part", "share"),
    [(0, "0 %"), (1, "<0.1 %"), (63, "0.6 %"), (5_000, "50 %"), (9_940, "99 %"), (9_999, ">99 %"), (10_000, "100 %")],
)
def test_a_share_is_not_rounded_to_nothing_or_to_all(part: int, share: str) -> None:
    assert human_share(part, 10_000) == share
