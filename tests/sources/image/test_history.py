"""History lines are paired with layers, and a mismatch is a warning."""

from layerscope.model.documents import HistoryEntry
from layerscope.sources.image.builder import pair_history


def line(created_by: str, *, empty: bool = False) -> HistoryEntry:
    return HistoryEntry(created_by=created_by, empty_layer=empty)


def test_empty_steps_keep_their_position() -> None:
    steps, warning = pair_history([line("ENV A=1", empty=True), line("COPY a /"), line("CMD x", empty=True)], 1)
    assert [(step.instruction, step.layer) for step in steps] == [("ENV A=1", None), ("COPY a /", 1), ("CMD x", None)]
    assert warning is None


def test_layers_without_a_history_line_get_a_step() -> None:
    steps, warning = pair_history([line("COPY a /")], 3)
    assert [(step.instruction, step.layer) for step in steps] == [("COPY a /", 1), (None, 2), (None, 3)]
    assert warning == "the history describes 1 layer and the manifest lists 3"


def test_surplus_history_lines_have_no_layer() -> None:
    steps, warning = pair_history([line("COPY a /"), line("COPY b /"), line("COPY c /")], 2)
    assert [step.layer for step in steps] == [1, 2, None]
    assert warning == "the history describes 3 layers and the manifest lists 2"


def test_a_missing_history_causes_no_warning() -> None:
    steps, warning = pair_history([], 2)
    assert [step.layer for step in steps] == [1, 2]
    assert warning is None
