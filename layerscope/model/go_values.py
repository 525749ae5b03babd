"""Instructions whose history line holds values as Go prints them: ``EXPOSE map[80/tcp:{}]``, ``CMD ["nginx" "-g"]``.

https://pkg.go.dev/fmt: lists have spaces in place of commas, structs have braces, strings and characters are quoted.
"""

import re
from collections.abc import Callable
from json import JSONDecodeError, dumps, loads

_COMMANDS = ("CMD", "ENTRYPOINT", "SHELL")
_LISTS = ("ENV", "EXPOSE", "LABEL", "MAINTAINER", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LIST = re.compile(r"(?:&\{)?\[(.*)\]\}?", re.DOTALL)
_MAP = re.compile(r"map\[(.*)\]", re.DOTALL)
_LINE_NUMBERS = re.compile(r"&\{\[[{}\d ]*\] 0x[0-9a-f]+\}")
"""Some versions of BuildKit print where an EXPOSE is in the Dockerfile, in place of its ports."""

UNKNOWN_PORTS = "EXPOSE (not recorded)"
_HEALTHCHECK = re.compile(r"&\{\[(.*)\]((?:\s+\"[\w.]*\"){3,4})\s+'(.*)'\}", re.DOTALL)
_HEALTHCHECK_TIMES = ("interval", "timeout", "start-period", "start-interval")
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|.)")
_ESCAPES = {r"\a": r"\u0007", r"\v": r"\u000b", r"\'": "'"}
"""Go's escapes that JSON lacks."""

_CONTENT_HASH = re.compile(r"\b(file|dir|multi):([0-9a-f]{12})[0-9a-f]{20,}")
"""The classic builder's name for copied files; twelve characters of a digest are enough to tell two apart."""


def as_written(instruction: str, is_shell: Callable[[str], bool]) -> str:
    """Return an instruction other than RUN as the author of a Dockerfile writes it."""
    keyword, _, rest = instruction.partition(" ")
    rest = rest.strip()
    if keyword in _COMMANDS:
        return f"{keyword} {_command(rest, is_shell if keyword != 'SHELL' else None)}".strip()
    if keyword == "EXPOSE" and _LINE_NUMBERS.fullmatch(rest):
        return UNKNOWN_PORTS
    if keyword in _LISTS:
        return f"{keyword} {_list(rest)}".strip()
    if keyword == "HEALTHCHECK":
        return f"{keyword} {_healthcheck(rest)}".strip()
    if keyword in ("ADD", "COPY"):
        return _CONTENT_HASH.sub(r"\1:\2", instruction)
    return instruction


def _command(rest: str, is_shell: Callable[[str], bool] | None) -> str:
    """Return a command in exec form, or in shell form if a shell runs its last word."""
    match = _LIST.fullmatch(rest)
    words = _words(match[1]) if match else None
    if not words:
        return rest
    if is_shell is not None and is_shell(" ".join(words[:-1])):
        return words[-1]
    return dumps(words, ensure_ascii=False)


def _list(rest: str) -> str:
    match = _MAP.fullmatch(rest)
    if match is not None:
        return " ".join(name.removesuffix(":{}") for name in match[1].split())
    match = _LIST.fullmatch(rest)
    return match[1] if match is not None and '"' not in match[1] else rest


def _healthcheck(rest: str) -> str:
    match = _HEALTHCHECK.fullmatch(rest)
    test = _strings(match[1]) if match else None
    if match is None or not test:
        return rest
    if test == ["NONE"]:
        return "NONE"
    times = [text.strip('"') for text in match[2].split()]
    options = [f"--{name}={time}" for name, time in zip(_HEALTHCHECK_TIMES, times, strict=False) if time != "0s"]
    retries = _character(match[3])
    options += [f"--retries={retries}"] if retries else []
    command = " ".join(test[1:]) if test[0] == "CMD-SHELL" else dumps(test[1:], ensure_ascii=False)
    return " ".join([*options, "CMD", command])


def _words(text: str) -> list[str] | None:
    return _strings(text) if '"' in text else text.split()


def _strings(text: str) -> list[str] | None:
    """Return the quoted strings, or None if there is anything else between them than spaces and commas."""
    if _STRING.sub("", text).strip(" ,"):
        return None
    try:
        return [str(loads(_ESCAPE.sub(_json_escape, quoted), strict=False)) for quoted in _STRING.findall(text)]
    except JSONDecodeError:
        return None


def _json_escape(match: re.Match[str]) -> str:
    return f"\\u00{match[1]}" if match[1] else _ESCAPES.get(match[0], match[0])


def _character(text: str) -> int | None:
    """Return the code of a quoted character: Go prints the number of retries as one."""
    strings = _strings(f'"{text}"') if text != '"' else ['"']
    return ord(strings[0]) if strings and len(strings[0]) == 1 else None
