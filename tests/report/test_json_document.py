"""JSON in ASCII."""

import io
import json

from layerscope.report.json_document import write_json, write_json_rows

ODD = "é \udcff \x1b[2J \x7f \u202e \U0001f433"


def written(rows: list[dict[str, object]]) -> str:
    file = io.StringIO()
    write_json_rows({"schema_version": 2, "layer": 2}, "entries", rows, file)
    return file.getvalue()


def test_a_document_is_ascii_and_names_read_back_unchanged() -> None:
    file = io.StringIO()
    write_json({"name": ODD}, file)
    text = file.getvalue()
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"name": ODD}


def test_a_large_document_is_never_one_string() -> None:
    file = _Writes()
    write_json({"layers": [{"layer": number} for number in range(10_000)]}, file)
    assert json.loads(file.getvalue())["layers"][-1] == {"layer": 9_999}
    assert max(file.sizes) < len(file.getvalue()) / 10


class _Writes(io.StringIO):
    """A text that notes the size of each write."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def write(self, text: str) -> int:
        self.sizes.append(len(text))
        return super().write(text)


def test_rows_are_ascii_and_names_read_back_unchanged() -> None:
    text = written([{"path": ODD}])
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"schema_version": 2, "layer": 2, "entries": [{"path": ODD}]}


def test_each_row_has_a_line_of_its_own() -> None:
    rows: list[dict[str, object]] = [{"path": f"/{number}"} for number in range(2000)]
    lines = written(rows).splitlines()
    assert len(lines) == len(rows) + 2
    assert lines[0] == '{"schema_version": 2, "layer": 2, "entries": ['
    assert lines[1] == '{"path": "/0"},'
    assert lines[-2:] == ['{"path": "/1999"}', "]}"]
    assert json.loads("".join(lines))["entries"] == rows


def test_a_document_without_rows_is_valid() -> None:
    assert json.loads(written([])) == {"schema_version": 2, "layer": 2, "entries": []}
