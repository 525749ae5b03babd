from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from layerscope.tui.size.map.squarified import Rectangle, treemap

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
