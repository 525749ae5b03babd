"""JSON in ASCII."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Struct, UnsetType, field

from layerscope.report.json_document import Document, write_document
from tests.report.documents import read_back

ODD = "é \udcff \x1b[2J \x7f \u202e \U0001f433"


class _Row(Struct):
    path: str
    before: int | UnsetType = field(default=UNSET, name="from")


class _Listing(Document, kw_only=True):
    layer: int
    entries: list[_Row]


def listing(rows: Iterable[_Row]) -> str:
    file = io.StringIO()
    write_document(_Listing(layer=2, entries=[]), file, rows)
    return file.getvalue()


@pytest.mark.parametrize("name", [ODD, ODD.replace("\udcff", ""), "é", "\x7f", 'a"}, {"path": "b'])
def test_names_read_back_unchanged(name: str) -> None:
    whole = _Listing(layer=2, entries=[_Row(name), _Row("/b", 1)])
    rows = [{"path": name}, {"path": "/b", "from": 1}]
    assert read_back(write_document, whole) == {"schema_version": 2, "layer": 2, "entries": rows}
    assert json.loads(listing(iter(whole.entries)))["entries"] == rows


_TEXT = st.text(st.characters(exclude_categories=()))
_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.dictionaries(
        _TEXT,
        st.recursive(_SCALARS | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=12),
        min_size=1,
    )
)
def test_any_value_reads_back_unchanged(document: Mapping[str, Any]) -> None:
    assert read_back(write_document, document) == document


def test_a_large_document_is_never_one_string() -> None:
    file = _Writes()
    write_document(_Listing(layer=2, entries=[_Row(f"/{number}") for number in range(10_000)]), file)
    assert json.loads(file.getvalue())["entries"][-1] == {"path": "/9999"}
    assert max(file.sizes) < len(file.getvalue()) / 10


class _Writes(io.StringIO):
    """A text that notes the size of each write."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def write(self, text: str) -> int:
        self.sizes.append(len(text))
        return super().write(text)


def test_each_row_has_a_line_of_its_own() -> None:
    rows = [_Row(f"/{number}") for number in range(2000)]
    head, *lines, end, close = listing(iter(rows)).split('"entries": ')[1].splitlines()
    assert (head, end.strip(), close) == ("[", "]", "}")
    assert [json.loads(line.rstrip(",")) for line in lines] == [{"path": row.path} for row in rows]
    assert listing(iter(rows)) == listing(rows)


def test_a_document_without_rows_is_valid() -> None:
    assert json.loads(listing(iter(()))) == {"schema_version": 2, "layer": 2, "entries": []}
