from pathlib import Path

from layerscope.comparison import file_difference
from layerscope.comparison.file_difference import FileDifference, compare_sides, open_side
from layerscope.session.files.revision import version_at
from layerscope.session.open import open_image
from tests.builders import directory, docker_archive, file, image, layer, symlink


def compared(tmp_path: Path, before: bytes, after: bytes) -> FileDifference:
    """Compare the file f of two layers that hold these bytes."""
    return of_layers(tmp_path, layer(file("f", before)), layer(file("f", after)))


def of_layers(tmp_path: Path, one: bytes, other: bytes) -> FileDifference:
    with open_image(str(docker_archive(tmp_path / "image.tar", image(one, other)))) as session:
        opened = session.loaded
        node = opened.tree.index.find(b"f")
        assert node is not None
        sides = [open_side(version_at(opened, node, number)) for number in (1, 2)]
        return compare_sides(sides[0], sides[1], lambda: False)


def test_texts_are_compared_by_lines(tmp_path: Path) -> None:
    found = compared(tmp_path, b"a\nb\n", b"a\nc\n")
    assert found.text is not None
    assert found.text.counts == (1, 1)


def test_an_empty_file_is_a_text_without_lines(tmp_path: Path) -> None:
    found = compared(tmp_path, b"", b"a\n")
    assert found.text is not None
    assert found.text.counts == (0, 1)


def test_binary_files_are_compared_by_bytes(tmp_path: Path) -> None:
    found = compared(tmp_path, b"\0" * 1000, b"\0" * 500 + b"\1" + b"\0" * 400)
    assert found.around is not None
    assert (found.text, found.around.offset) == (None, 500)
    assert found.around.start % 16 == 0
    assert found.around.before[500 - found.around.start] == 0
    assert found.around.after[500 - found.around.start] == 1


def test_equal_bytes_have_no_first_difference(tmp_path: Path) -> None:
    found = compared(tmp_path, b"\0" * 1000, b"\0" * 1000)
    assert (found.text, found.around, found.note) == (None, None, None)


def test_a_text_in_another_encoding_is_the_same_text(tmp_path: Path) -> None:
    found = compared(tmp_path, "grün\n".encode("latin-1"), "grün\n".encode())
    assert found.note == "Both are the same text in different encodings: Latin-1 before, UTF-8 after."


def test_bytes_that_do_not_fit_the_encoding_are_compared(tmp_path: Path) -> None:
    # Far enough from the start that the prefix is text.
    text = "ä".encode() * 40_000
    found = compared(tmp_path, text + b"\xff\n", text + b"\xfe\n")
    assert found.around is not None
    assert found.around.offset == len(text)
    assert found.note is not None


def test_a_text_that_is_too_large_is_compared_by_bytes(tmp_path: Path) -> None:
    line = b"a line of a text that goes on and on\n"
    text = line * (file_difference.LARGEST_TEXT // len(line) + 1)
    found = compared(tmp_path, text + b"a", text + b"b")
    assert found.around is not None
    assert found.around.offset == len(text)
    assert found.note == "A text of more than 4.0 MB is not compared line by line."
    found = compared(tmp_path, b"\n" * (file_difference.MOST_LINES + 1), b"\n")
    assert (found.text, found.note is None) == (None, False)


def test_a_missing_side_is_empty(tmp_path: Path) -> None:
    found = of_layers(tmp_path, layer(file("g")), layer(file("f", b"a\nb\n")))
    assert found.before is None
    assert found.text is not None
    assert found.text.counts == (0, 2)
    found = of_layers(tmp_path, layer(symlink("f", "g")), layer(directory("f")))
    assert (found.text, found.around, found.before is None) == (None, None, False)


def test_a_comparison_can_be_cancelled(tmp_path: Path) -> None:
    with open_image(str(docker_archive(tmp_path / "image.tar", image(layer(file("f", b"\0" * 9)))))) as session:
        opened = session.loaded
        node = opened.tree.index.find(b"f")
        assert node is not None
        side = open_side(version_at(opened, node, 1))
        assert compare_sides(side, None, lambda: True).around is None
