"""A comparison on a screen."""

import io
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from layerscope.comparison.compare import compare_images, compare_layers
from layerscope.comparison.filtered import ALL_CHANGES, FilteredComparison
from layerscope.extraction.extract import extract
from layerscope.report.diff.tables import write_diff_tables
from layerscope.session.open import open_image
from tests.builders import docker_archive, file, hardlink, image, layer, oci_archive, whiteout
from tests.tars import TarEntry
from tests.two_versions import V1, V2


def of_images(tmp_path: Path, globs: Sequence[str] = (), *, stat: bool = False, patch: bool = False) -> list[str]:
    one, other = docker_archive(tmp_path / "v1.tar", V1), oci_archive(tmp_path / "v2.tar", V2)
    with open_image(str(one)) as old, open_image(str(other)) as new:
        view = FilteredComparison(compare_images(old.load(), new.load()), ALL_CHANGES, globs)
        return written(view, stat=stat, patch=patch)


def of_layers(path: Path, before: int, after: int, *, own: bool = False, patch: bool = False) -> list[str]:
    with open_image(str(path)) as session:
        return written(
            FilteredComparison(compare_layers(session.load(), before, after, own=own)),
            patch=patch,
        )


def written(view: FilteredComparison, *, stat: bool = False, patch: bool = False) -> list[str]:
    text = io.StringIO()
    write_diff_tables(view, text, stat=stat, patch=patch)
    return text.getvalue().split("\n")


def section(lines: list[str], title: str) -> list[str]:
    """Return the lines below a title, up to the next blank one."""
    below = lines[lines.index(title) + 1 :]
    return below[: below.index("")]


def test_the_first_step_that_missed_the_cache_comes_first(tmp_path: Path) -> None:
    lines = of_images(tmp_path)
    assert lines[0].startswith("from  app:v1 · linux/amd64 · ")
    assert lines[1].startswith("to    app:v2 · linux/amd64 · ")
    assert lines[3:6] == [
        "Layers 1 to 2 are shared.",
        "The build cache missed at layer 3: RUN apt-get install nginx changed first, with the same content.",
        "After it, layer 4, COPY . /srv/, was rebuilt with different content.",
    ]


def test_steps_are_shown_side_by_side(tmp_path: Path) -> None:
    lines = of_images(tmp_path)
    start = next(place for place, line in enumerate(lines) if line.startswith("from  content"))
    rows = [re.split(r"  +", line)[-2:] for line in lines[start + 1 : start + 7]]
    assert [tuple(row) for row in rows] == [
        ("same", "FROM debian"),
        ("same", "RUN apt-get update"),
        ("rebuilt, same content", "RUN apt-get install nginx"),
        ("changed", "COPY . /srv/"),
        ("only in old", 'CMD ["run", "1"]'),
        ("only in new", 'CMD ["run", "2"]'),
    ]


def test_each_path_has_sizes_what_differs_and_both_values(tmp_path: Path) -> None:
    assert section(of_images(tmp_path), "Paths: 3 added, 8 modified, 2 removed, +1 B") == [
        "~    2 B     3 B     +1 B  content  /srv/binary",
        "+                                   /srv/deep/",
        "+           17 B    +17 B           /srv/deep/there",
        "-    4 B             -4 B           /srv/gone",
        "-   17 B            -17 B           /srv/here",
        "~   41 B    41 B      0 B  content  /srv/index.html",
        "~    1 B             -1 B  kind     /srv/kind/  (file -> dir)",
        "~    1 B     1 B      0 B  mode     /srv/mode  (0644 -> 0600)",
        "+            5 B     +5 B           /srv/new",
        "~    1 B     1 B      0 B  owner    /srv/owner  (0:0 -> 33:44)",
        "~                          content  /srv/twin",
        "~                          link     /srv/way  (here -> there)",
        "~   72 B    72 B      0 B  content  /var/lib/dpkg/status",
    ]


def test_moves_config_and_packages_follow(tmp_path: Path) -> None:
    lines = of_images(tmp_path)
    assert section(lines, "Moved, with the same content") == ["  17 B  /srv/here -> /srv/deep/there"]
    assert [line.split() for line in section(lines, "Config")[1:]] == [
        ["~", "cmd", '["run",', '"1"]', '["run",', '"2"]'],
        ["~", "env", "VERSION", "1", "2"],
    ]
    assert [line.split() for line in section(lines, "Packages")[1:]] == [["~", "dpkg", "app", "1", "2", "4"]]


def test_a_path_filter_leaves_out_config_and_packages(tmp_path: Path) -> None:
    lines = of_images(tmp_path, ["/srv/mode"])
    assert "Paths: 1 modified, 0 B" in lines
    assert not {"Config", "Packages", "Moved, with the same content"} & set(lines)
    assert "No selected path differs." in of_images(tmp_path, ["/nowhere"])


def test_a_summary_by_directory_starts_with_the_root_then_the_largest_changes(tmp_path: Path) -> None:
    one = layer(file("a/b/large", b"x" * 3000), file("c/small", b"x"), file("same", b"s"))
    other = layer(file("c/small", b"xx"), file("c/d/new", b"x" * 200), whiteout("a"))
    path = docker_archive(tmp_path / "image.tar", image(one, other))
    with open_image(str(path)) as session:
        lines = written(FilteredComparison(compare_layers(session.load(), 1, 2)), stat=True)
    shown = [line.split() for line in section(lines, "Paths: 2 added, 1 modified, 3 removed, -2.8 kB")]
    assert [(row[:2], row[-1]) for row in shown] == [
        (["-2.8", "kB"], "/"),
        (["-3.0", "kB"], "/a/"),
        (["-3.0", "kB"], "/a/b/"),
        (["+201", "B"], "/c/"),
        (["+200", "B"], "/c/d/"),
    ]


def test_a_summary_by_directory_counts_what_moved(tmp_path: Path) -> None:
    lines = of_images(tmp_path, stat=True)
    (shown,) = [line for line in lines if line.startswith("Moved")]
    assert shown.startswith("Moved, with the same content: 1 file, ")
    assert not [line for line in lines if " -> " in line]


def test_a_hard_link_that_keeps_the_bytes_of_a_rewritten_file_has_its_share_of_the_growth(tmp_path: Path) -> None:
    base = layer(file("f", b"old"), *(hardlink(name, "f") for name in "abc"))
    path = docker_archive(tmp_path / "a.tar", image(base, layer(file("f", b"longer")), layer(whiteout("a"))))
    assert section(of_layers(path, 1, 2), "Paths: 2 modified, +6 B") == [
        "~            3 B     +3 B  link     /a  (/f -> a file of its own)",
        "~    3 B     6 B     +3 B  content  /f",
    ]
    assert section(of_layers(path, 2, 3), "Paths: 1 modified, 1 removed, 0 B") == [
        "-    3 B             -3 B        /a",
        "~            3 B     +3 B  link  /b  (/a -> a file of its own)",
    ]


def test_a_file_written_again_beside_a_hard_link_grows_the_tree_at_the_link(tmp_path: Path) -> None:
    recipe = image(layer(file("f", b"old"), hardlink("a", "f")), layer(file("f", b"old")))
    lines = of_layers(docker_archive(tmp_path / "a.tar", recipe), 1, 2)
    assert section(lines, "Paths: 1 modified, +3 B") == [
        "~            3 B     +3 B  link  /a  (/f -> a file of its own)"
    ]


def test_a_directory_with_one_changed_subdirectory_has_no_line(tmp_path: Path) -> None:
    below = "var/www/html"
    path = docker_archive(
        tmp_path / "image.tar", image(layer(file(f"{below}/a", b"1")), layer(file(f"{below}/a", b"22")))
    )
    with open_image(str(path)) as session:
        lines = written(FilteredComparison(compare_layers(session.load(), 1, 2)), stat=True)
    assert section(lines, "Paths: 1 modified, +1 B") == ["   +1 B  ~1  /var/www/html/"]


def test_a_diff_of_layers_lists_the_steps_between_them(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "v1.tar", V1)
    lines = of_layers(path, 1, 3)
    assert section(lines, "From layer 1 to layer 3:")[1:] == [
        "2      8 B  RUN apt-get update",
        "3      7 B  RUN apt-get install nginx",
    ]
    assert "From nothing to layer 1:" in of_layers(path, 0, 1)
    assert "From layer 3 back to layer 1, without:" in of_layers(path, 3, 1)
    assert "The entries of layer 1 and those of layer 2:" in of_layers(path, 1, 2, own=True)
    assert "No path differs." in of_layers(path, 2, 2)


@pytest.mark.parametrize("before", [0, 1])
def test_no_name_steers_the_terminal(tmp_path: Path, before: int) -> None:
    names = [f"{name}\x1b[2J\n" for name in ("a", "b\udcff", "c\u202e")]
    old, new = ([file(name, b"%d" % number) for name in names] for number in (1, 22))
    path = docker_archive(tmp_path / "image.tar", image(layer(*old), layer(*new)))
    lines = of_layers(path, before, 2)
    assert all(line.isprintable() for line in lines)
    assert sum("\\x1b[2J\\n" in line for line in lines) == 3


# Differences of texts.


def patch_of(tmp_path: Path, before: TarEntry, after: TarEntry) -> list[str]:
    path = docker_archive(tmp_path / "image.tar", image(layer(before), layer(after)))
    lines = of_layers(path, 1, 2, patch=True)
    start = next(place for place, line in enumerate(lines) if line.startswith("Paths: "))
    return lines[lines.index("", start) + 1 : -1]


def test_texts_differ_by_lines(tmp_path: Path) -> None:
    assert patch_of(tmp_path, file("etc/a", b"1\n2\n3\n"), file("etc/a", b"1\n2!\n3\n")) == [
        "--- a/etc/a",
        "+++ b/etc/a",
        "@@ -1,3 +1,3 @@",
        " 1",
        "-2",
        "+2!",
        " 3",
    ]


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        (b"a\n", b"a", ["@@ -1 +1 @@", "-a", "+a", "\\ No newline at end of file"]),
        (b"a\n", b"a\r\n", ["@@ -1 +1 @@", "-a", "+a\r"]),
        ("ü\n".encode(), "ö\n".encode(), ["@@ -1 +1 @@", "-ü", "+ö"]),
        (b"", b"a\n", ["@@ -0,0 +1 @@", "+a"]),
    ],
)
def test_line_ends_and_encodings_are_shown(tmp_path: Path, before: bytes, after: bytes, patch: list[str]) -> None:
    assert patch_of(tmp_path, file("a", before), file("a", after))[2:] == patch


def test_a_text_in_another_encoding_is_said_to_be_written_in_utf_8(tmp_path: Path) -> None:
    old, new = "Mot déjà vu\n", "Mot jamais vu, là\n"
    assert patch_of(tmp_path, file("a", old.encode("latin-1")), file("a", new.encode("latin-1"))) == [
        "In a, Latin-1 is written here as UTF-8:",
        "--- a/a",
        "+++ b/a",
        "@@ -1 +1 @@",
        "-Mot déjà vu",
        "+Mot jamais vu, là",
    ]


def test_a_binary_file_has_one_line(tmp_path: Path) -> None:
    assert patch_of(tmp_path, file("a", b"\0"), file("a", b"\1\0")) == ["Binary files a/a and b/a differ"]
    both = "text\n"
    assert patch_of(tmp_path, file("a", both.encode()), file("a", b"\xef\xbb\xbf" + both.encode())) == [
        "Files a/a and b/a differ in their encoding: UTF-8, UTF-8 with a byte order mark"
    ]
    (line,) = patch_of(tmp_path, file("a", b"x\n" * 4_100_000), file("a", b"y\n" * 4_100_000))
    assert line == "Files a/a and b/a differ, 8.2 MB and 8.2 MB: too large to compare by lines"


def test_unusual_names_are_quoted_as_git_does(tmp_path: Path) -> None:
    lines = patch_of(tmp_path, file('a\n"\udcff', b"1\n"), file('a\n"\udcff', b"2\n"))
    assert lines[0] == '--- "a/a\\012\\042\\377"'


def test_the_output_is_a_patch_that_turns_one_into_the_other(tmp_path: Path) -> None:
    old = b"".join(b"line %d\n" % number for number in range(100))
    new = old.replace(b"line 50\n", b"").replace(b"line 7\n", b"line seven\r\n") + b"the end"
    path = docker_archive(tmp_path / "image.tar", image(layer(file("d/a b", old)), layer(file("d/a b", new))))
    text = "\n".join(of_layers(path, 1, 2, patch=True))
    # Without the tab, GNU patch ends the name at the space.
    assert "--- a/d/a b\t\n" in text
    with open_image(str(path)) as session:
        extract(session.load(), [0], 1, str(tmp_path / "out"))
    subprocess.run(["git", "apply", "-"], cwd=tmp_path / "out", input=text.encode(), check=True, capture_output=True)
    assert (tmp_path / "out/d/a b").read_bytes() == new
