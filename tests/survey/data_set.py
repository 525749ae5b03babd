"""Runs ``layerscope survey``, and reads what it wrote."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from layerscope.survey.parts import Row
from layerscope.survey.schema import Table

DASK = """
import sys
from distributed import LocalCluster
from layerscope.cli.main import run

if __name__ == "__main__":
    workers = int(sys.argv.pop(1))
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
        sys.exit(run(["survey", *sys.argv[1:], "--dask", cluster.scheduler_address]))
"""
"""Runs a survey by a cluster of its own, with a number of workers; the other arguments are those of the survey."""


def run(*arguments: object, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "layerscope", "survey", *map(str, arguments)]
    whole = {**os.environ, **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=whole)


def rows(folder: Path, table: str) -> list[Row]:
    """Return the rows of a table."""
    return [row for part in sorted((folder / table).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]


def everything(folder: Path) -> dict[Table, list[str]]:
    """Return the rows of all tables, in an order that the parts do not affect."""
    return {table: sorted(map(repr, rows(folder, table))) for table in Table}
