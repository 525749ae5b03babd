from collections.abc import Sequence
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.tui.drawing.glyphs import ASCII, UNICODE
from layerscope.tui.size.map_boxes import Box, Direction, MapEntry, Rectangle, box_at, lay_out, next_box, treemap
from layerscope.tui.size.map_widget import Canvas

Tree = dict[int, list[MapEntry]]


def tree(*sizes: Sequence[int]) -> Tree:
    """Return folders of a root, each with files of these sizes."""
    folders: Tree = {0: []}
    node = 1
    for number, files in enumerate(sizes):
        folder = node
        folders[0].append(MapEntry(folder, 0, f"d{number}/", sum(files), 0, is_folder=True))
        folders[folder] = [MapEntry(folder + 1 + at, folder, f"f{at}", size, 0) for at, size in enumerate(files)]
        node += 1 + len(files)
    folders[0].sort(key=lambda entry: -entry.size)
    return folders


def boxes_of(entries: Tree, width: int, height: int) -> list[Box]:
    return lay_out(0, width, height, lambda folder: entries.get(folder, []))


def cells(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.left, box.right) for y in range(box.top, box.bottom)}


_FILES = st.lists(st.integers(1, 1000), min_size=1, max_size=8).map(lambda sizes: sorted(sizes, reverse=True))
_TREES = st.lists(_FILES, min_size=1, max_size=5)


@given(_TREES, st.integers(1, 90), st.integers(1, 30))
def test_boxes_stay_inside_their_frames_and_do_not_overlap(sizes: list[list[int]], width: int, height: int) -> None:
    boxes = boxes_of(tree(*sizes), width, height)
    plane = {(x, y) for x in range(width) for y in range(height)}
    frames = {box.entry.node: cells(box) for box in boxes if box.is_frame}
    for folder in {box.entry.folder for box in boxes}:
        taken: set[tuple[int, int]] = set()
        for box in boxes:
            if box.entry.folder == folder:
                assert cells(box) <= frames.get(folder, plane)
                assert taken.isdisjoint(cells(box))
                taken |= cells(box)


@given(_TREES)
def test_arrows_reach_every_box(sizes: list[list[int]]) -> None:
    boxes = boxes_of(tree(*sizes), 100, 30)
    reached, pending = {0}, [0]
    while pending:
        current = pending.pop()
        for direction in Direction:
            number = next_box(boxes, current, direction)
            if number not in reached:
                reached.add(number)
                pending.append(number)
    assert reached == set(range(len(boxes)))


def test_an_arrow_goes_to_the_box_beside_and_stays_at_the_edge() -> None:
    boxes = boxes_of({0: [MapEntry(node, 0, f"{node}", 10, 0) for node in (1, 2, 3, 4)]}, 40, 10)
    assert [(box.left, box.top) for box in boxes] == [(0, 0), (0, 5), (20, 0), (20, 5)]
    assert next_box(boxes, 0, Direction.RIGHT) == 2
    assert next_box(boxes, 2, Direction.DOWN) == 3
    assert next_box(boxes, 3, Direction.LEFT) == 1
    assert next_box(boxes, 1, Direction.UP) == 0
    assert next_box(boxes, 0, Direction.UP) == 0


def test_a_click_finds_the_innermost_box() -> None:
    boxes = boxes_of(tree([10, 10], [3]), 60, 20)
    frame, inner = boxes[0], boxes[1]
    assert frame.is_frame
    assert box_at(boxes, frame.left, frame.top) == 0
    assert box_at(boxes, inner.left, inner.top) == 1
    assert box_at(boxes, 60, 20) is None


def lines(canvas: Canvas) -> list[str]:
    return ["".join(text for text, _ in canvas.spans(y)) for y in range(canvas.height)]


def test_the_dead_part_of_a_box_is_striped_in_proportion() -> None:
    canvas = Canvas(20, 4, UNICODE)
    canvas.draw(boxes_of({0: [MapEntry(1, 0, "half", 40, 40)]}, 20, 4), None)
    assert "".join(lines(canvas)).count("▒") == 40
    assert lines(canvas)[0].startswith(" half 80 B ")


def test_the_chosen_box_is_outlined_without_colours_as_well() -> None:
    for glyphs, outline in ((UNICODE, "┏━━━━━━━━┓"), (ASCII, "#========#")):
        canvas = Canvas(20, 6, glyphs)
        canvas.draw(boxes_of({0: [MapEntry(node, 0, "x", 10, 0) for node in (1, 2)]}, 20, 6), 0)
        assert lines(canvas)[0][:10] == outline
        assert " x" in lines(canvas)[1][:10], "the name moves inside"
        flat = Canvas(20, 2, glyphs)
        flat.draw(boxes_of({0: [MapEntry(1, 0, "x", 10, 0)]}, 20, 2), 0)
        assert lines(flat)[0].strip(outline) == " x 10 B ", "it stays in a box without an inside"


@pytest.mark.parametrize("chosen", [None, 0])
@pytest.mark.parametrize("is_folder", [False, True])
def test_a_size_is_shown_whole_or_not_at_all(chosen: int | None, is_folder: bool) -> None:
    seen = set()
    for width in range(6, 40):
        for height in range(1, 8):
            canvas = Canvas(width, height, UNICODE)
            entry = MapEntry(1, 0, "some-folder/", 8_300_000, 0, is_folder)
            canvas.draw(boxes_of({0: [entry], 1: []}, width, height), chosen)
            text = " ".join(lines(canvas))
            assert ("8.3 MB" in text) == any(character.isdigit() for character in text)
            seen.add("8.3 MB" in text)
    assert seen == {False, True}


def test_without_colours_boxes_beside_each_other_have_different_characters() -> None:
    canvas = Canvas(40, 10, UNICODE, has_colors=False)
    boxes = boxes_of({0: [MapEntry(node, 0, "x", 10, 0) for node in (1, 2, 3, 4)]}, 40, 10)
    canvas.draw(boxes, None)
    fills = [lines(canvas)[box.bottom - 1][box.left : box.right] for box in boxes]
    assert len(set(fills)) == 4
    assert all(len(set(fill)) == 1 for fill in fills)


def test_names_of_wide_characters_keep_the_columns() -> None:
    canvas = Canvas(20, 3, UNICODE)
    canvas.draw(boxes_of({0: [MapEntry(1, 0, "日本語日本語日本語", 10, 0)]}, 20, 3), None)
    assert lines(canvas)[0].startswith(" 日本語日本語日本")


_SIZES = st.lists(st.integers(1, 10**9), min_size=1, max_size=40).map(lambda sizes: sorted(sizes, reverse=True))
_PLANE = Rectangle(0, 0, 120, 40)


def _area(rectangle: Rectangle) -> float:
    return rectangle.width * rectangle.height


@given(_SIZES, st.sampled_from([1.0, 2.0]))
def test_areas_are_in_proportion_to_sizes(sizes: list[int], aspect: float) -> None:
    scale = _area(_PLANE) / sum(sizes)
    for size, rectangle in zip(sizes, treemap(sizes, _PLANE, aspect=aspect), strict=True):
        assert isclose(_area(rectangle), size * scale, rel_tol=1e-6, abs_tol=1e-6)


@given(_SIZES)
def test_rectangles_stay_on_the_plane(sizes: list[int]) -> None:
    for one in treemap(sizes, _PLANE, aspect=2.0):
        assert one.left >= -1e-6
        assert one.top >= -1e-6
        assert one.left + one.width <= _PLANE.width + 1e-3
        assert one.top + one.height <= _PLANE.height + 1e-3


@given(_SIZES)
def test_rectangles_do_not_overlap(sizes: list[int]) -> None:
    placed = treemap(sizes, _PLANE)
    for number, one in enumerate(placed):
        for other in placed[:number]:
            across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
            down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
            assert min(across, down) < 1e-3


def test_sizes_of_nothing_take_no_room() -> None:
    assert [_area(one) for one in treemap([0, 0], _PLANE)] == [0, 0]
    assert [_area(one) for one in treemap([5, 0], _PLANE)] == [_area(_PLANE), 0]


def test_equal_sizes_come_out_nearly_square() -> None:
    for one in treemap([1] * 16, Rectangle(0, 0, 100, 100)):
        assert isclose(one.width, one.height, rel_tol=0.01)
