"""The one place that knows libmagic, which takes 50 ms to import and may be missing."""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def _detector(*, mime: bool) -> Any:
    """Return libmagic's detector, of MIME types or of descriptions, or None where there is none."""
    try:
        magic = import_module("magic")
    except ImportError:
        try:
            # it brings the library along, and changes the environment to have it found
            import_module("pylibmagic")
            magic = import_module("magic")
        except (ImportError, OSError):
            return None
    return magic.Magic(mime=mime)


def mime_type(head: bytes) -> str | None:
    """Return the MIME type that libmagic gives to the first bytes of a file; None where it is missing or fails."""
    detector = _detector(mime=True)
    return None if detector is None else str(detector.from_buffer(head))


def description(head: bytes) -> str | None:
    """Return what libmagic calls a file by its first bytes, its own words and the file's; None where it is missing."""
    detector = _detector(mime=False)
    return None if detector is None else str(detector.from_buffer(head))
