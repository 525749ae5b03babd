"""The heights of the items of a list."""

from layerscope.tui.widgets.line_list import fitting_heights


def test_items_share_the_room_alike() -> None:
    assert fitting_heights([1, 1, 1], [1, 1, 1], 6) == [2, 2, 2]
    assert fitting_heights([1, 1, 1], [1, 1, 1], 5) == [1, 1, 1]
    assert fitting_heights([1, 2, 1], [0, 3, 1], 7) == [1, 4, 2]
    assert fitting_heights([1, 1, 1], [0, 9, 0], 20) == [1, 10, 1]
    assert fitting_heights([1, 1, 1], [4, 4, 4], 2) == [1, 1, 1]
