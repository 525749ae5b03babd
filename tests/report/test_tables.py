"""Grids: alignment, folding, and a cost that is linear in the number of rows."""

import tracemalloc
from pathlib import Path

import pytest
from rich.cells import cell_len

from layerscope.analysis.tree.tally import Tallies
from layerscope.model.documents import ImageConfig
from layerscope.model.image import Image, Step
from layerscope.report.layer_table import layer_table
from layerscope.report.tables import Grid, GridColumn, Line, figures, name_line, show
from layerscope.session.open import open_image
from tests.builders import docker_archive, file, image, layer
from tests.report.documents import plain_text


def test_columns_are_aligned_by_terminal_cells() -> None:
    grid = figures("size", last="path")
    grid.add_row("1 B", "/short")
    grid.add_row("12 MB", "/日本語")
    grid.add_row("日", "/wide")
    lines = plain_text([grid]).splitlines()
    assert lines == [" size  path", "  1 B  /short", "12 MB  /日本語", "   日  /wide"]
    assert {cell_len(line[: line.rindex("/")]) for line in lines[1:]} == {7}


@pytest.mark.parametrize("width", [14, 20, 26])
def test_a_narrow_screen_folds_or_cuts_the_flexible_column_but_breaks_no_path(width: int) -> None:
    grid = figures("size", last="path")
    grid.add_row("1 B", Line("folds between words", is_folded=True))
    grid.add_row("2 B", Line("RUN an instruction that is cut"))
    grid.add_row("3 B", name_line("/a/path/that is/not broken"))
    grid.add_row("4 B", Line("see /a/path/that-is-not-broken", is_folded=True))
    *lines, size, name, other_size, see, path = plain_text([grid], width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert " ".join(line[6:].strip() for line in lines[1:-1]) == "folds between words"
    assert lines[-1].endswith("…")
    assert (size, name) == (" 3 B", "    /a/path/that is/not broken")
    assert (other_size, see, path) == (" 4 B", "    see", "    /a/path/that-is-not-broken")


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, ["size   shared  when        instruction", "58 MB   12 MB  2026-11-26  RUN make all"]),
        (30, ["size   shared  instruction", "58 MB   12 MB  RUN make all"]),
        (20, ["size   instruction", "58 MB  RUN make all"]),
        (15, ["size   instruc…", "58 MB  RUN mak…"]),
    ],
)
def test_a_narrow_screen_leaves_out_optional_columns_before_it_cuts_a_figure(width: int, lines: list[str]) -> None:
    grid = Grid(
        GridColumn("size"),
        GridColumn("shared", is_right=True, is_optional=True),
        GridColumn("when", is_optional=True),
        GridColumn("instruction", is_flexible=True, least=12),
    )
    grid.add_row("58 MB", "12 MB", "2026-11-26", Line("RUN make all"))
    assert plain_text([grid], width).splitlines() == lines


def test_an_indented_line_keeps_its_indent_where_it_is_folded() -> None:
    grid = Grid(GridColumn("", is_flexible=True))
    grid.add_row(Line("words that need three lines", is_folded=True, indent=4))
    assert plain_text([grid], 16).splitlines() == ["    words that", "    need three", "    lines"]


def test_a_grid_without_rows_is_empty() -> None:
    assert figures("size", last="path").is_empty
    assert Grid(GridColumn("")).is_empty


def test_one_huge_instruction_does_not_widen_every_row() -> None:
    huge = Step("RUN " + "x" * 1_000_000)
    steps = (huge, *(Step(f"ENV A={number}") for number in range(2_000)))
    config = ImageConfig(architecture="amd64", os="linux")
    tracemalloc.start()
    try:
        text = plain_text(layer_table(Image("huge", "test", config, (), steps), Tallies()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "RUN xxx" in text
    assert text.count("\n") == 2_004
    assert len(text) < 200_000
    assert peak < 30_000_000


def test_equal_cells_of_many_rows_are_kept_once() -> None:
    grid = figures("mode", "owner", "size", last="path")
    tracemalloc.start()
    try:
        for number in range(5_000):
            grid.add_row("rw-r--r--", "1000:1000", "1.0 kB", str(number % 10))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 5_000 * 300


def test_a_table_is_written_line_by_line(tmp_path: Path) -> None:
    grid = figures("number", last="path")
    for number in range(20_000):
        grid.add_row(str(number), "x" * 50)
    with (tmp_path / "table").open("w") as target:
        tracemalloc.start()
        try:
            show([grid], target)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (tmp_path / "table").stat().st_size > 1_000_000
    assert peak < 300_000


def test_the_cost_of_a_row_does_not_grow_with_the_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = 0
    width = vars(Line)["width"].fget

    def counted(line: Line) -> int:
        nonlocal measured
        measured += 1
        return int(width(line))

    monkeypatch.setattr(Line, "width", property(counted))
    counts = []
    for rows in (100, 1_000):
        measured = 0
        grid = figures("", "content", last="instruction")
        for number in range(rows):
            grid.add_row(str(number), "1 kB", "RUN something")
        plain_text([grid])
        counts.append(measured / rows)
    assert counts[1] <= counts[0]


def test_an_image_of_thousands_of_layers_and_steps_is_listed(tmp_path: Path) -> None:
    tar = layer(file("a", b"x"))
    history = [{"created_by": f"ENV A={number}", "empty_layer": True} for number in range(20_000)]
    recipe = image(*[tar] * 1_000, history=[*history, *({"created_by": f"RUN {number}"} for number in range(1_000))])
    with open_image(str(docker_archive(tmp_path / "many.tar", recipe))) as session:
        lines = plain_text(layer_table(session.image, session.tallies)).splitlines()
    assert len(lines) == 3 + 21_000
    assert lines[-1].endswith("RUN 999")
