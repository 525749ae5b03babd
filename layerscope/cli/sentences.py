"""What an error is called: one sentence, and the choices there are."""

from layerscope.errors import AmbiguousImage, LayerscopeError
from layerscope.text import printable_line, printable_name

_PREFIX = "layerscope: "


def sentences(error: BaseException) -> list[str]:
    """Return the lines that tell of an error, safe for a screen: the first is a sentence, choices follow."""
    if isinstance(error, KeyboardInterrupt):
        return []
    if isinstance(error, AmbiguousImage):
        return [_sentence(f"{error}:"), *(f"  {printable_line(choice)}" for choice in error.choices)]
    if isinstance(error, LayerscopeError):
        return [_sentence(str(error))]
    if isinstance(error, OSError):
        return [_sentence(_os_error(error))]
    if isinstance(error, MemoryError):
        return [_sentence("there is not enough memory")]
    return [_sentence(_usage_error(error) or _mistake(error))]


def _sentence(text: str) -> str:
    return _PREFIX + printable_line(text)


def _os_error(error: OSError) -> str:
    cause = error.strerror or str(error) or type(error).__name__
    what = "reading or writing failed" if error.filename is None else printable_name(str(error.filename))
    return f"{what}: {cause}"


def _usage_error(error: BaseException) -> str | None:
    """Return what Typer says of wrong usage, as a sentence of ours; None where the error is another one."""
    from typer import TyperException  # noqa: PLC0415  # it has been imported, if it has raised an error

    if not isinstance(error, TyperException):
        return None
    text = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    while context is not None and context.parent is not None and context.command.hidden:
        context = context.parent
    hint = f" (see {context.command_path} --help)" if context is not None else ""
    return text[:1].lower() + text[1:] + hint


def _mistake(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"this is a mistake in layerscope itself, please report it: {text} (--debug FILE writes down where)"
