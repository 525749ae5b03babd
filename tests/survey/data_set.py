"""Runs ``layerscope survey``, and reads what it wrote."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from layerscope.survey.parts import Row
from layerscope.survey.schema import Table

_CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=int(sys.argv[1]), threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def dask_cluster(workers: int) -> Iterator[str]:
    """Run a cluster of Dask, and yield the address of its scheduler."""
    command = [sys.executable, "-c", _CLUSTER, str(workers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


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
