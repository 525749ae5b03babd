"""History lines are paired with layers, and a mismatch is a warning."""

from collections.abc import Sequence

import pytest

from layerscope.model.documents import HistoryEntry, ImageConfig, RunConfig
from layerscope.sources.image.builder import pair_history

BROKEN_PORTS = "EXPOSE &{[{{60 0} {60 0}}] 0xc0004a1c00}"


def line(created_by: str, *, empty: bool = False) -> HistoryEntry:
    return HistoryEntry(created_by=created_by, empty_layer=empty)


def config(*history: HistoryEntry, ports: Sequence[str] = ()) -> ImageConfig:
    return ImageConfig("amd64", "linux", config=RunConfig(exposed_ports=dict.fromkeys(ports)), history=list(history))


def test_empty_steps_keep_their_position() -> None:
    steps, warning = pair_history(config(line("ENV A=1", empty=True), line("COPY a /"), line("CMD x", empty=True)), 1)
    assert [(step.instruction, step.layer) for step in steps] == [("ENV A=1", None), ("COPY a /", 1), ("CMD x", None)]
    assert warning is None


def test_layers_without_a_history_line_get_a_step() -> None:
    steps, warning = pair_history(config(line("COPY a /")), 3)
    assert [(step.instruction, step.layer) for step in steps] == [("COPY a /", 1), (None, 2), (None, 3)]
    assert warning == "the history describes 1 layer and the manifest lists 3"


def test_surplus_history_lines_have_no_layer() -> None:
    steps, warning = pair_history(config(line("COPY a /"), line("COPY b /"), line("COPY c /")), 2)
    assert [step.layer for step in steps] == [1, 2, None]
    assert warning == "the history describes 3 layers and the manifest lists 2"


def test_a_missing_history_causes_no_warning() -> None:
    steps, warning = pair_history(config(), 2)
    assert [step.layer for step in steps] == [1, 2]
    assert warning is None


@pytest.mark.parametrize(
    ("others", "ports", "shown"),
    [
        ([], ["443/tcp", "53/udp"], "EXPOSE 443/tcp 53/udp"),
        (["EXPOSE map[80/tcp:{}]"], ["80/tcp", "8080/tcp"], "EXPOSE 8080/tcp"),
        (["EXPOSE 80"], ["80/tcp", "8080/tcp"], "EXPOSE 8080/tcp"),
        ([], [], "EXPOSE (not recorded)"),
        (["EXPOSE 80"], ["80/tcp"], "EXPOSE (not recorded)"),
        (["EXPOSE 80-81"], ["80/tcp", "81/tcp", "82/tcp"], "EXPOSE (not recorded)"),
        ([BROKEN_PORTS], ["80/tcp", "81/tcp"], "EXPOSE (not recorded)"),
    ],
)
def test_line_numbers_in_place_of_ports_become_the_ports_of_the_config_that_no_other_line_exposes(
    others: list[str], ports: list[str], shown: str
) -> None:
    lines = [line(each, empty=True) for each in [*others, BROKEN_PORTS]]
    steps, _ = pair_history(config(*lines, ports=ports), 0)
    assert steps[-1].instruction == shown
