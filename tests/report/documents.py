"""Documents as a program that reads them sees them."""

import io
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from layerscope.report.schema import DOCUMENTS, document_schema
from layerscope.report.tables import _ANY_WIDTH, Block, _plain_lines


def read_back(write: Callable[..., None], *arguments: object, **options: object) -> Any:
    """Return what a writer writes; it is JSON in ASCII, without control characters, and fits its schema."""
    file = io.StringIO()
    write(*arguments, file, **options)
    text = file.getvalue()
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    document = json.loads(text)
    name = write.__name__.removeprefix("write_").removesuffix("_document")
    if name in DOCUMENTS:
        validate(name, document)
    return document


def validate(name: str, document: Any) -> None:
    """Assert that a document fits its schema."""
    _validator(name).validate(document)


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = document_schema(name)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def plain_text(parts: Iterable[Block], width: int | None = None) -> str:
    """Return what a screen of that width would show without colors; the default is as wide as the content."""
    return "".join(_plain_lines(parts, width or _ANY_WIDTH))
