"""Documents as a program that reads them sees them."""

import io
import json
from collections.abc import Callable
from typing import Any


def read_back(write: Callable[..., None], *arguments: object, **options: object) -> Any:
    """Return what a writer writes; it is JSON in ASCII, without control characters."""
    file = io.StringIO()
    write(*arguments, file, **options)
    text = file.getvalue()
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    return json.loads(text)
