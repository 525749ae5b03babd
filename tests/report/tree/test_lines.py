"""The tree as people see it."""

import io
from pathlib import Path

import pytest

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.report.tree import guides_for, tree_lines, write_tree_lines
from layerscope.report.tree_rows import TreeSelection
from layerscope.session.open import open_image
from tests.builders import (
    device,
    directory,
    docker_archive,
    file,
    hardlink,
    image,
    layer,
    symlink,
    whiteout,
)

BASE = layer(
    directory("usr", mtime=5),
    file("usr/big", b"x" * 1_300_000, mode=0o4755),
    file("usr/small", b"x" * 73, uid=1000, gid=33),
    hardlink("usr/same", "usr/big"),
    symlink("usr/link", "big\n[b]"),
    device("zero", 1, 5),
    file("usr-local", b""),
)
TOP = layer(file("usr/small", b"y"), whiteout("usr/big"), file("new", b"1"))


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def tree(tmp_path: Path) -> LayeredTree:
    with open_image(str(docker_archive(tmp_path / "image.tar", image(BASE, TOP)))) as session:
        return session.load().tree


def lines(tree: LayeredTree, selection: TreeSelection) -> list[str]:
    return [line for _, line in tree_lines(tree, selection)]


def test_each_path_has_one_line_folder_by_folder(tree: LayeredTree) -> None:
    assert lines(tree, TreeSelection(1)) == [
        "+ drwxr-xr-x      0:0  1.3 MB  1  /usr/",
        "+ -rwsr-xr-x      0:0  1.3 MB  1  /usr/big",
        "+ lrwxrwxrwx      0:0       -  1  /usr/link -> big\\n[b]",
        "+ -rw-r--r--      0:0       -  1  /usr/same link to /usr/big",
        "+ -rw-r--r--  1000:33    73 B  1  /usr/small",
        "+ -rw-r--r--      0:0     0 B  1  /usr-local",
        "+ crw-r--r--      0:0       -  1  /zero",
    ]


def test_a_line_starts_with_the_mark_and_names_the_last_writer(tree: LayeredTree) -> None:
    assert lines(tree, TreeSelection(2)) == [
        "+ -rw-r--r--      0:0     1 B  2  /new",
        "  drwxr-xr-x      0:0  1.3 MB  1  /usr/",
        "- -rwsr-xr-x      0:0  1.3 MB  1  /usr/big",
        "  lrwxrwxrwx      0:0       -  1  /usr/link -> big\\n[b]",
        "  -rw-r--r--      0:0  1.3 MB  1  /usr/same",
        "~ -rw-r--r--      0:0     1 B  2  /usr/small",
        "  -rw-r--r--      0:0     0 B  1  /usr-local",
        "  crw-r--r--      0:0       -  1  /zero",
    ]


def test_sort_by_size_counts_the_contents_of_folders(tree: LayeredTree) -> None:
    names = [line.rsplit(maxsplit=1)[-1] for line in lines(tree, TreeSelection(1, depth=1, by_size=True))]
    assert names == ["/usr/", "/usr-local", "/zero"]
    names = [line.split()[-1] for line in lines(tree, TreeSelection(1, by_size=True))]
    assert names[:3] == ["/usr/", "/usr/big", "/usr/small"]


def test_only_selected_changes_are_listed(tree: LayeredTree) -> None:
    changes = frozenset(ChangeKind) - {ChangeKind.UNCHANGED}
    assert [line[0] for line in lines(tree, TreeSelection(2, changes))] == ["+", "-", "~"]


def test_names_are_made_safe_for_the_screen(tmp_path: Path) -> None:
    odd = layer(file("\x1b[2J\u202ename\udcff", b""))
    with open_image(str(docker_archive(tmp_path / "image.tar", image(odd)))) as session:
        (line,) = lines(session.load().tree, TreeSelection(1))
    assert line.endswith("/\\x1b[2J\\u202ename\\xff")


def test_a_pipe_has_no_colours(tree: LayeredTree) -> None:
    output = io.StringIO()
    write_tree_lines(tree, TreeSelection(2), output)
    assert "\x1b" not in output.getvalue()
    assert output.getvalue().startswith("+ -rw")


def test_a_terminal_has_a_colour_for_each_change(tree: LayeredTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen()
    write_tree_lines(tree, TreeSelection(2), screen)
    starts = [line.split("-r", 1)[0] for line in screen.getvalue().splitlines() if "usr/" not in line or "big" in line]
    assert starts[0] == "\x1b[32m+ "
    assert "\x1b[31m- " in screen.getvalue()
    assert "\x1b[33m~ " in screen.getvalue()
    assert screen.getvalue().count("\x1b[0m") == 3


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_color_and_dumb_terminals_get_no_colors(
    tree: LayeredTree, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv(variable, value)
    screen = Screen()
    write_tree_lines(tree, TreeSelection(2), screen)
    assert "\x1b" not in screen.getvalue()


def drawn(tree: LayeredTree, selection: TreeSelection, encoding: str = "utf-8") -> list[str]:
    return [line for _, line in tree_lines(tree, selection, guides_for(encoding))]


def test_a_terminal_shows_a_drawn_tree(tree: LayeredTree) -> None:
    assert [line[34:] for line in drawn(tree, TreeSelection(2, by_size=True))][:4] == [
        "├── usr/",
        "│   ├── big",
        "│   ├── same",
        "│   ├── small",
    ]
    assert drawn(tree, TreeSelection(2))[-1].endswith("└── zero")
    written, plain = Screen(), io.StringIO()
    for out in (written, plain):
        write_tree_lines(tree, TreeSelection(2), out)
    assert "-- small" in written.getvalue(), "a terminal without an encoding gets ASCII"
    assert "/usr/small" in plain.getvalue()
    assert "-- small" not in plain.getvalue()


def test_a_drawn_tree_has_the_folders_of_what_is_selected(tree: LayeredTree) -> None:
    removed = drawn(tree, TreeSelection(2, frozenset({ChangeKind.REMOVED})))
    assert [line[34:] for line in removed] == ["└── usr/", "    └── big"]
    assert [line[0] for line in removed] == [" ", "-"]
    assert [line[-10:].strip() for line in drawn(tree, TreeSelection(1, depth=1), "ascii")][-1] == "`-- zero"
