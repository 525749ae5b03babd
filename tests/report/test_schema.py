"""The schemas of the documents."""

import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from layerscope import report
from layerscope.report.json_document import Document, Listing
from layerscope.report.schema import _FIELDS, DOCUMENTS, document_schema, document_type
from tests.cli.runner import MY_APP, PLATFORMS, ask

Schema = Mapping[str, Any]

RELEASED = Path(__file__).parent / "schemas"
"""The output of ``layerscope schema`` for each document at the last release."""

_NOT_COMPARED = {"description", "title", "$defs"}


def fields(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for struct, part in {schema["title"]: schema, **schema["$defs"]}.items():
        yield from ((f"{struct}.{name}", field) for name, field in part.get("properties", {}).items())


def test_every_document_has_a_schema() -> None:
    for module in pkgutil.walk_packages(report.__path__, "layerscope.report."):
        import_module(module.name)
    structs = {*Document.__subclasses__(), *Listing.__subclasses__()} - {Listing}
    assert set(map(document_type, DOCUMENTS)) == {
        struct for struct in structs if struct.__module__.startswith("layerscope.report.")
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_is_described_with_its_unit_its_order_and_what_null_means(name: str) -> None:
    schema = document_schema(name)
    for field, part in fields(schema):
        text = part["description"]
        assert len(text) > len("one word"), field
        types = [each.get("type") for each in part.get("anyOf", [part])]
        if "null" in types:
            assert "null" in text, field
        if "array" in types:
            assert re.search(r"sorted|order|first|from the|sentence|three", text), field
        if "integer" in types and re.search(r"size|saves|bound|total|freed", field.split(".")[1]):
            assert "bytes" in text, field


def test_no_description_is_left_of_a_field_that_is_gone() -> None:
    described = {line.partition(": ")[0].rpartition(".")[2] for line in _FIELDS.strip().splitlines()}
    assert described <= {field.partition(".")[2] for name in DOCUMENTS for field, _ in fields(document_schema(name))}


@pytest.mark.parametrize("name", [path.stem for path in RELEASED.iterdir()])
def test_no_field_of_the_last_release_is_lost_or_changed_without_a_new_version(name: str) -> None:
    assert name in DOCUMENTS
    assert not losses(json.loads((RELEASED / f"{name}.json").read_text()), document_schema(name))


def test_a_lost_or_changed_field_is_found() -> None:
    old = document_schema("tree")
    new = deepcopy(old)
    entry = new["$defs"]["TreeEntryPart"]
    del entry["properties"]["uid"]
    entry["properties"]["gid"] = {"type": "string"}
    entry["properties"]["inode"] = {"type": "integer"}
    entry["required"].remove("mode")
    assert losses(old, new) == ["entries.mode may be missing", "entries.uid is lost", "entries.gid changed"]
    new["properties"]["schema_version"]["const"] += 1
    assert not losses(old, new)


def losses(old: Schema, new: Schema) -> list[str]:
    """Return what a program that reads the old document may miss in the new one of the same version."""
    if old["properties"]["schema_version"] != new["properties"]["schema_version"]:
        return []
    return list(_losses(_resolved(old, old["$defs"]), _resolved(new, new["$defs"]), ""))


def _resolved(schema: Any, structs: Schema) -> Any:
    """Return a schema with its structs in place, without what describes it."""
    if isinstance(schema, list):
        return [_resolved(part, structs) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(structs[schema["$ref"].rpartition("/")[2]], structs)
    return {
        key: {name: _resolved(field, structs) for name, field in part.items()}
        if key == "properties"
        else _resolved(part, structs)
        for key, part in schema.items()
        if key not in _NOT_COMPARED
    }


def _losses(old: Schema, new: Schema, name: str) -> Iterator[str]:
    if "properties" in old and "properties" in new:
        yield from (
            f"{name}{field} may be missing"
            for field in old["required"]
            if field not in new["required"] and field in new["properties"]
        )
        for field, part in old["properties"].items():
            if field not in new["properties"]:
                yield f"{name}{field} is lost"
            else:
                yield from _losses(part, new["properties"][field], f"{name}{field}.")
    elif "items" in old and "items" in new:
        yield from _losses(old["items"], new["items"], name)
    elif "anyOf" in old and len(old["anyOf"]) == len(new.get("anyOf", [])):
        for before, after in zip(old["anyOf"], new["anyOf"], strict=True):
            yield from _losses(before, after, name)
    elif old != new:
        yield f"{name.rstrip('.')} changed"


@pytest.mark.parametrize(
    "arguments",
    [
        ("layers", MY_APP),
        ("tree", MY_APP),
        ("tree", PLATFORMS, "--platform", "linux/arm64", "--layer", "1"),
        ("why", MY_APP),
        ("dockerfile", MY_APP),
        ("diff", MY_APP, "1", "6"),
        ("diff", MY_APP, MY_APP.with_name("my-app-v2.tar"), "--digests"),
        ("find", MY_APP, "passwd", "--content", "root"),
        ("history", MY_APP, "/etc/passwd"),
        ("verify", MY_APP),
        ("cache",),
        ("cache", "clear"),
        ("config",),
    ],
)
def test_what_each_command_prints_fits_its_schema(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str | Path, ...]
) -> None:
    # `ask` validates each document, also in all other tests
    assert ask(capsys, *arguments, "--json").out.startswith("{")


def test_the_schema_of_a_document_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "schema").out.split() == list(DOCUMENTS)
    assert json.loads(ask(capsys, "schema", "tree").out) == document_schema("tree")
    assert ask(capsys, "schema", "tee").complaint.startswith("there is no document tee: there are build, cache,")
