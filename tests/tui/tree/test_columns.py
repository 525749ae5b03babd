"""The columns of a tree: which have room, and the numbers above the trace."""

from layerscope.tui.tree.columns import TreeColumn, fit_columns, trace_layers, trace_numbers

COLUMNS = (
    TreeColumn("size", "size", 10, 10, 10),
    TreeColumn("bar", "", 0, 9, 17, name_share=0.45),
    TreeColumn("trace", "", 1, 6, 27),
)


def test_the_trace_grows_first_then_the_bar_and_the_name_keeps_its_part() -> None:
    assert fit_columns(COLUMNS, 50) == {"size": 10, "bar": 9, "trace": 7}
    assert fit_columns(COLUMNS, 90) == {"size": 10, "bar": 13, "trace": 27}
    assert fit_columns(COLUMNS, 200) == {"size": 10, "bar": 17, "trace": 27}


def test_long_names_have_room_before_columns_grow() -> None:
    assert fit_columns(COLUMNS, 90, names=60) == {"size": 10, "bar": 9, "trace": 11}
    assert fit_columns(COLUMNS, 90, names=500) == {"size": 10, "bar": 9, "trace": 6}


def test_one_long_name_leaves_the_trace_its_room() -> None:
    columns = (TreeColumn("size", "size", 10, 10, 10), TreeColumn("trace", "", 1, 8, 10, name_most=0.45))
    assert fit_columns(columns, 60, names=500) == {"size": 10, "trace": 10}
    assert fit_columns(columns, 43, names=500) == {"size": 10, "trace": 9}


def test_a_column_may_yield_to_a_name_that_would_be_cut() -> None:
    columns = (TreeColumn("size", "size", 10, 10, 10), TreeColumn("bar", "", 0, 9, 17, name_share=0.9, yields=5))
    assert fit_columns(columns, 60, names=41) == {"size": 10, "bar": 9}
    assert fit_columns(columns, 60, names=43) == {"size": 10, "bar": 7}
    assert fit_columns(columns, 60, names=99) == {"size": 10, "bar": 4}


def test_columns_that_leave_a_name_no_room_are_left_out_by_rank() -> None:
    assert fit_columns(COLUMNS, 45) == {"size": 10, "trace": 11}
    assert fit_columns(COLUMNS, 35) == {"size": 10}
    assert fit_columns(COLUMNS, 20) == {}


def test_a_trace_shows_the_layers_around_the_chosen_one() -> None:
    layers = range(1, 41)
    assert trace_layers(layers, 1, 10) == (range(1, 11), False, True)
    assert trace_layers(layers, 20, 10) == (range(15, 25), True, True)
    assert trace_layers(layers, 40, 10) == (range(31, 41), True, False)
    assert trace_layers(layers, 20, 60) == (layers, False, False)
    assert trace_layers((), 0, 10) == ((), False, False)


def test_each_number_ends_above_the_cell_of_its_layer() -> None:
    assert trace_numbers(range(1, 9), 3) == "12345678"
    assert trace_numbers(range(1, 26), 25) == "1   5   10   15   20   25"
    assert trace_numbers(range(1, 26), 13) == "1   5   10 13     20   25"
    numbers = trace_numbers(range(98, 128), 112)
    for label in ("105", "112", "120", "127"):
        assert numbers.index(label) + len(label) == range(98, 128).index(int(label)) + 1
    assert trace_numbers((), 0) == ""
