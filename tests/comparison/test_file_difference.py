from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from layerscope.comparison import file_difference
from layerscope.comparison.file_difference import FileDifference, compare_sides, first_difference, open_side
from layerscope.session.files.revision import revision_at
from layerscope.session.open import open_image
from tests.builders import directory, docker_archive, file, image, layer, sparse, symlink


def compared(tmp_path: Path, before: bytes, after: bytes) -> FileDifference:
    """Compare the file f of two layers that hold these bytes."""
    return of_layers(tmp_path, layer(file("f", before)), layer(file("f", after)))


def of_layers(tmp_path: Path, one: bytes, other: bytes) -> FileDifference:
    with open_image(str(docker_archive(tmp_path / "image.tar", image(one, other)))) as session:
        opened = session.load()
        node = opened.tree.index.find(b"f")
        assert node is not None
        sides = [open_side(revision_at(opened, node, number)) for number in (1, 2)]
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
        opened = session.load()
        node = opened.tree.index.find(b"f")
        assert node is not None
        side = open_side(revision_at(opened, node, 1))
        assert compare_sides(side, None, lambda: True).around is None


def test_holes_on_both_sides_are_compared_without_reading_them(tmp_path: Path) -> None:
    end = 1 << 62
    old, new = (layer(sparse("f", end, (0, b"\0start"), (end - 4, tail))) for tail in (b"tail", b"tall"))
    difference = of_layers(tmp_path, old, new)
    assert difference.around is not None
    assert difference.around.offset == end - 2
    assert difference.around.after.endswith(b"tall")


def test_a_longer_hole_differs_at_the_end_of_the_shorter_one(tmp_path: Path) -> None:
    old, new = (layer(sparse("f", size)) for size in (1 << 60, (1 << 60) + 1))
    difference = of_layers(tmp_path, old, new)
    assert difference.around is not None
    assert difference.around.offset == 1 << 60


def test_stored_zeros_are_equal_to_a_hole(tmp_path: Path) -> None:
    old, new = layer(sparse("f", 9000, (4000, b"x"))), layer(file("f", bytes(4000) + b"x" + bytes(4999)))
    assert of_layers(tmp_path, old, new).around is None


@given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=6))
def test_the_first_byte_that_differs_is_found_in_any_piece(pairs: list[tuple[bytes, bytes]]) -> None:
    pieces = [(old.ljust(len(new), b"."), new.ljust(len(old), b".")) for old, new in pairs]
    old, new = (b"".join(side) for side in (zip(*pieces, strict=True) if pieces else ((), ())))
    wanted = next((at for at in range(len(old)) if old[at] != new[at]), None)
    assert first_difference((one for one, _ in pieces), (other for _, other in pieces)) == wanted
