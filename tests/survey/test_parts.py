from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="the extra survey is not installed")
import duckdb
import pandas as pd
import polars as pl

from layerscope.survey.parts import CLAIMED, INCOMPLETE, ROWS, PartWriter, known_keys, settle
from layerscope.survey.schema import Table
from layerscope.survey.store import Store
from tests.survey.data_set import rows, run


def write(store: Store, *keys: str, entries: int = 1, error: str | None = None) -> None:
    part = PartWriter(store, Table.LAYERS)
    for key in keys:
        count = [key.lstrip("!?")] * entries
        part.add(key, [count, [1] * entries, [1] * entries, [error] * entries])
    part.flush()


def kept(folder: Path) -> Sequence[tuple[object, object]]:
    return sorted((row["diff_id"], row["error"]) for row in rows(folder, "layers"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def test_small_parts_become_one_and_rows_that_are_there_twice_are_dropped(store: Store, tmp_path: Path) -> None:
    write(store, "a", "b")
    write(store, "b", "c")
    settle(store, Table.LAYERS)
    assert kept(tmp_path) == [("a", None), ("b", None), ("c", None)]
    assert known_keys(store, Table.LAYERS) == {"a", "b", "c"}
    assert len(store.parts(Table.LAYERS)) == 1


def test_a_settled_table_is_left_as_it_is(store: Store) -> None:
    write(store, "a")
    write(store, "b")
    settle(store, Table.LAYERS)
    (before,) = store.parts(Table.LAYERS)
    settle(store, Table.LAYERS)
    assert store.parts(Table.LAYERS) == [before]


def test_a_large_part_is_not_rewritten_for_small_ones(store: Store) -> None:
    write(store, "large", entries=ROWS)
    (large,) = store.parts(Table.LAYERS)
    write(store, "a")
    write(store, "b")
    settle(store, Table.LAYERS)
    assert large in store.parts(Table.LAYERS)
    assert len(store.parts(Table.LAYERS)) == 2


@pytest.mark.parametrize("worse", [INCOMPLETE, CLAIMED])
def test_a_better_reading_replaces_one_that_was_cut_or_claimed(store: Store, tmp_path: Path, worse: str) -> None:
    write(store, f"{worse}a", entries=3, error="cut")
    assert known_keys(store, Table.LAYERS) == {f"{worse}a"}
    write(store, "a")
    settle(store, Table.LAYERS)
    assert kept(tmp_path) == [("a", None)]


def test_pandas_polars_and_duckdb_read_the_data_set(releases: Path, tmp_path: Path) -> None:
    folder = tmp_path / "survey"
    assert run(releases, "-o", folder).returncode == 0
    for table in Table:
        count = len(rows(folder, table))
        parts = f"{folder / table}/*.parquet"
        assert len(pd.read_parquet(folder / table)) == count
        assert len(pl.read_parquet(parts)) == count
        assert len(duckdb.read_parquet(parts)) == count
    files, layers = pd.read_parquet(folder / "files"), pd.read_parquet(folder / "image_layers")
    sizes = layers.merge(files, on="diff_id").groupby("image")["size"].sum()
    assert sorted(sizes) == [1500, 1600, 1600]
