"""File types by libmagic: the only module that imports it, because that takes 50 ms and it may be missing."""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def _detector(*, mime: bool) -> Any:
    """Return libmagic's detector of MIME types or of descriptions, or None if libmagic is missing."""
    try:
        magic = import_module("magic")
    except ImportError:
        try:
            # pylibmagic ships the library and sets the environment variables that python-magic finds it by
            import_module("pylibmagic")
            magic = import_module("magic")
        except (ImportError, OSError):
            return None
    return magic.Magic(mime=mime)


def mime_type(head: bytes) -> str | None:
    """Return libmagic's MIME type for the first bytes of a file, or None if libmagic is missing."""
    detector = _detector(mime=True)
    return None if detector is None else str(detector.from_buffer(head))


def description(head: bytes) -> str | None:
    """Return libmagic's description of the first bytes of a file; None if libmagic is missing."""
    detector = _detector(mime=False)
    return None if detector is None else str(detector.from_buffer(head))
