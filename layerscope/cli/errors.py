"""The end of a run after an error: the lines that describe it, and the exit status."""

import errno
from enum import IntEnum

from layerscope.errors import AmbiguousImage, LayerscopeError, os_reason
from layerscope.text import printable_line, printable_name

_PREFIX = "layerscope: "


class ExitStatus(IntEnum):
    """The exit statuses of a run; a signal that ends it gives 128 and its number."""

    SUCCESS = 0
    FINDINGS = 1
    """A check failed, or ``--exit-code`` found differences."""
    ERROR = 2
    """Wrong usage, an image that cannot be read, or an outcome that could not be written."""
    INTERRUPTED = 130
    """Ctrl+C."""


def exit_status(error: BaseException) -> ExitStatus:
    """Return the status that a run ends with after the error."""
    if isinstance(error, BrokenPipeError):
        # the reader of the output has read enough
        return ExitStatus.SUCCESS
    return ExitStatus.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitStatus.ERROR


def error_lines(error: BaseException) -> list[str]:
    """Return the lines that describe an error, safe to print: one sentence, then the choices if there are any."""
    if isinstance(error, (KeyboardInterrupt, BrokenPipeError)):
        return []
    if isinstance(error, AmbiguousImage):
        return [f"{_PREFIX}{printable_line(f'{error}:')}", *(f"  {printable_line(choice)}" for choice in error.choices)]
    return [_PREFIX + printable_line(_reason(error))]


def _reason(error: BaseException) -> str:
    if isinstance(error, LayerscopeError):
        return str(error)
    if isinstance(error, OSError):
        return _os_error(error)
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, ImportError):
        # a broken installation, or too little memory to map a library
        return f"a part of layerscope cannot be loaded: {error}"
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    internal = f"internal error, please report it: {text} (--debug FILE writes the traceback to a log)"
    return _usage_error(error) or internal


def _os_error(error: OSError) -> str:
    if error.filename is not None:
        subject = printable_name(str(error.filename))
    else:
        # of all files that are written, only the output has no name
        subject = "cannot write the output" if error.errno == errno.ENOSPC else "cannot read or write"
    return f"{subject}: {os_reason(error)}"


def _usage_error(error: BaseException) -> str | None:
    """Return Typer's message about wrong usage as one of our sentences, or None if the error is another one."""
    from typer import TyperException  # noqa: PLC0415  # 45 ms, unless it was raised

    if not isinstance(error, TyperException):
        return None
    text = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    while context is not None and context.parent is not None and context.command.hidden:
        context = context.parent
    hint = f" (see {context.command_path} --help)" if context is not None else ""
    return text[:1].lower() + text[1:] + hint
