"""Text that is cut to a number of cells."""

import pytest
from rich.cells import cell_len

from layerscope.tui.drawing.cells import cut_middle, cut_path, excerpt, folded, one_line, wrapped
from layerscope.tui.drawing.glyphs import ASCII, UNICODE


@pytest.mark.parametrize("text", ["short", "/usr/lib/" + "x" * 500 + "/end", "漢字" * 100])
def test_a_text_cut_in_the_middle_fits_and_keeps_both_ends(text: str) -> None:
    shown = cut_middle(text, 40, UNICODE)
    assert cell_len(shown) <= 40
    assert shown[0] == text[0]
    assert shown[-1] == text[-1]
    assert (shown == text) == (cell_len(text) <= 40)


@pytest.mark.parametrize("width", [10, 14, 16, 30])
def test_a_folded_text_fits_and_loses_nothing_but_spaces(width: int) -> None:
    text = "RUN a /a/path/of/many/cells b && 漢字漢字漢字漢字漢字 c"
    lines = folded(text, width, "    ")
    assert max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(line.startswith("    ") for line in lines[1:])
    assert folded("  && make all", 8) == ["  &&", "make all"], "it stays indented"


@pytest.mark.parametrize("width", [-1, 0, 8])
def test_a_text_is_not_wrapped_into_a_few_letters_a_line(width: int) -> None:
    assert wrapped("RUN apt-get update", width) == ["RUN apt-get update"]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (30, "/usr/lib/python3/os.py"),
        (20, "/usr/lib/pyth…/os.py"),
        (8, "/…/os.py"),
        (7, "…/os.py"),
        (6, "…/o…py"),
    ],
)
def test_a_path_is_cut_in_its_folders_before_its_name(width: int, shown: str) -> None:
    assert cut_path("/usr/lib/python3/os.py", width, UNICODE) == shown


def test_a_name_without_folders_is_cut_in_its_middle() -> None:
    assert cut_path("library-of-python/", 9, UNICODE) == "libr…hon/"


def test_an_ellipsis_is_ascii_where_the_locale_is() -> None:
    assert cut_middle("a" * 50, 11, ASCII) == "aaaaa~aaaaa"


def test_one_line_of_a_long_text_is_safe_and_fits() -> None:
    shown = one_line("RUN \x1b[31m" + "\u202e" * 1_000_000, 30, UNICODE)
    assert cell_len(shown) == 30
    assert shown.isprintable()


def test_an_excerpt_of_a_long_text_says_how_long_it_is() -> None:
    assert excerpt("short \x07") == r"short \x07"
    assert excerpt("x" * 1_000_000).endswith("(1,000,000 characters in all)")
    assert len(excerpt("\u202e" * 1_000_000)) < 30_000


def test_a_line_with_letters_beyond_ascii_keeps_its_indentation() -> None:
    assert wrapped("  \u05d0\u05d1 x", 12) == ["  \u05d0\u05d1 x"]
