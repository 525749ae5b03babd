"""The tables of a survey's data set: ``FOLDER/TABLE/*.parquet``.

``image`` is the config digest of an image, ``layer``, ``writer``, ``hidden_by`` and ``removed_in`` are numbers of its
layers from 1 at the base. A distinct layer stands once in ``layers`` and ``files``, under its diff_id; a path that its
tar has twice has two rows. CONTRIBUTING describes the tables for those who query them.
"""

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


class Table(StrEnum):
    """The tables, by the name of their folder."""

    IMAGES = "images"
    IMAGE_LAYERS = "image_layers"
    LAYERS = "layers"
    STEPS = "steps"
    FILES = "files"
    PACKAGES = "packages"
    DEAD = "dead"
    SECRETS = "secrets"


DESCRIBED_TABLES = (Table.IMAGE_LAYERS, Table.STEPS)
"""The tables whose rows the documents of an image have."""

CONTENT_TABLES = (Table.PACKAGES, Table.DEAD, Table.SECRETS)
"""The tables whose rows depend on the content of all layers of an image."""

LAYER_TABLES = (Table.FILES, Table.LAYERS)


COLUMNS: dict[Table, dict[str, str]] = {
    Table.IMAGES: {
        "image": "string",
        "reference": "string",
        "tags": "strings",
        "platform": "string",
        "created": "time",
        "content_size": "int64",
        "blob_size": "int64",
        "base": "string",
        "labels": "map",
        "error": "string",
    },
    Table.IMAGE_LAYERS: {
        "image": "string",
        "layer": "int32",
        "diff_id": "string",
        "digest": "string",
        "blob_size": "int64",
        "instruction": "string",
        "created_by": "string",
    },
    Table.LAYERS: {"diff_id": "string", "content_size": "int64", "entries": "int64", "error": "string"},
    Table.STEPS: {
        "image": "string",
        "step": "int32",
        "layer": "int32",
        "instruction": "string",
        "created": "time",
    },
    Table.FILES: {
        "diff_id": "string",
        "path": "string",
        "kind": "string",
        "size": "int64",
        "mode": "int32",
        "uid": "int64",
        "gid": "int64",
        "mtime": "int64",
        "link": "string",
    },
    Table.PACKAGES: {
        "image": "string",
        "layer": "int32",
        "manager": "string",
        "name": "string",
        "version": "string",
        "size": "int64",
    },
    Table.DEAD: {
        "image": "string",
        "path": "string",
        "size": "int64",
        "writer": "int32",
        "hidden_by": "int32",
        "reason": "string",
    },
    Table.SECRETS: {
        "image": "string",
        "path": "string",
        "kind": "string",
        "layer": "int32",
        "removed_in": "int32",
    },
}
"""The columns of each table with their types; ``mtime`` is in seconds since 1970, ``mode`` a number."""


@cache
def schema(table: Table) -> "pa.Schema":
    """Return the Arrow schema of a table."""
    import pyarrow as pa  # noqa: PLC0415  # an extra: not everybody has it

    types = {
        "string": pa.string(),
        "strings": pa.list_(pa.string()),
        "map": pa.map_(pa.string(), pa.string()),
        "time": pa.timestamp("us", "UTC"),
        "int32": pa.int32(),
        "int64": pa.int64(),
    }
    return pa.schema([(name, types[kind]) for name, kind in COLUMNS[table].items()])
