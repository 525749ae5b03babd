"""The log that ``--debug`` writes. Without the option, `logging` is not imported."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from layerscope import __version__
from layerscope.errors import UsageError, os_reason

if TYPE_CHECKING:
    from logging import Logger

_NAME = "layerscope"


def start_log(path: str | None) -> None:
    """Start the log if there is a path; raises UsageError if the file cannot be written."""
    if path is None:
        return
    import logging  # noqa: PLC0415  # 5 ms

    # A disk that is full later ends the log, and not with a traceback for each line.
    logging.raiseExceptions = False
    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
        handler.setFormatter(logging.Formatter("%(asctime)s %(relativeCreated)6.0f ms  %(message)s"))
        log = logging.getLogger(_NAME)
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
        log.debug("layerscope %s, Python %s, %s: %s", __version__, sys.version.split()[0], sys.platform, sys.argv)
        handler.flush()
    except OSError as error:
        raise UsageError(f"cannot write the log {path}: {os_reason(error)}") from error


def _log() -> "Logger | None":
    """Return the log, or None if no `start_log` has imported `logging`."""
    logging = sys.modules.get("logging")
    return None if logging is None else logging.getLogger(_NAME)


def note(message: str, error: BaseException | None = None) -> None:
    """Write a line to the log, if there is one; with an error also its traceback."""
    log = _log()
    if log is not None:
        log.debug(message, exc_info=error)


def stop_log() -> None:
    """Close the log."""
    log = _log()
    if log is None:
        return
    for handler in list(log.handlers):
        log.removeHandler(handler)
        with suppress(OSError):
            handler.close()
