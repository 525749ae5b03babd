"""Runs ``layerscope survey``, and reads what it wrote."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq

from layerscope.survey.schema import Table


def run(*arguments: object, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "layerscope", "survey", *map(str, arguments)]
    whole = {**os.environ, **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=whole)


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    """Return the rows of a table."""
    return [row for part in sorted((folder / table).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]


def everything(folder: Path) -> dict[Table, list[str]]:
    """Return the rows of all tables, in an order that the parts do not affect."""
    return {table: sorted(map(repr, rows(folder, table))) for table in Table}
