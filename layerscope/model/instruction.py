"""The Dockerfile instruction that a history line's ``created_by`` was made from.

The classic builder writes ``/bin/sh -c #(nop)  CMD ["sh"]`` and ``/bin/sh -c make``, BuildKit ``CMD ["sh"]`` and
``RUN /bin/sh -c make # buildkit``. Both put build arguments first: ``|1 VERSION=2 /bin/sh -c make``. BuildKit keeps
the line breaks of a heredoc. Options of a RUN are before the shell or after it. See
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go.
"""

import re
from json import JSONDecodeError, dumps, loads

_SH = (
    r"(?:(?:\S{0,200}/)?(?:env|busybox)\s+)?(?:\S{0,200}/)?(?:ba|da|a|z|k|mk|c|tc|fi)?sh(?:\.exe)?"
    r"(?:\s+(?:[-+][a-zA-Z]*o\s+\w+|[-+][abd-zABD-Z]+|--[\w-]+)){0,20}\s+-[a-zA-Z]*c[a-zA-Z]*"
)
_CMD = r"(?i:(?:\S{0,200}[\\/])?cmd(?:\.exe)?(?:\s+/(?![ck]\b)\S+){0,20}\s+/[ck])"
_POWERSHELL = (
    r"(?i:(?:\S{0,200}[\\/])?(?:powershell|pwsh)(?:\.exe)?(?:\s+-(?!c\b|command\b)\w+(?:\s+[\w.]+)?){0,20}\s+-c(?:ommand)?"
    r"(?:\s+\$\w+Preference\s*=\s*'\w+'\s*;){0,20})"
)
_SHELL = re.compile(rf"(?<!\S)(?:{_POWERSHELL}|{_CMD}|{_SH})(?!\S)\s*")
"""A shell with the option that makes it run the next word; PowerShell with the settings that images put first."""

_NOP = "#(nop)"
_SHELL_BEFORE_NOP = re.compile(r"(?:.*\s(?:-\w*c|/c|-command)\s(?:\$.*;\s*)?)?", re.IGNORECASE)
_LONGEST_SHELL = 400
"""Characters before the mark of the classic builder; a shell with its settings is shorter."""

_BUILD_ARGUMENTS = re.compile(r"\|(\d{1,4})\s+")
_LONGEST_VALUE = 65_536
"""Characters of a build argument in which its end is searched for."""

_OPTION = re.compile(r"(?<!\S)--(?:mount|network|security|device)=\S+\s+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.-]*=")
_NEXT_ASSIGNMENT = re.compile(r"\s+(?=[A-Za-z_][\w.-]*=)")
_WORD = re.compile(r"\S*\s*")
_BUILDKIT = "# buildkit"
COPYING = frozenset({"ADD", "COPY"})
_KEYWORD = re.compile(
    r"^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER"
    r"|VOLUME|WORKDIR)\b"
)


def instruction_of(created_by: str | None, *, is_joined: bool = True) -> str | None:
    """Return the instruction, ``RUN apt-get update``; None if the history has none.

    It is one line, except for a heredoc. Where it ``is_joined``, spaces stand for one.
    """
    if created_by is None:
        return None
    text = created_by.strip().removesuffix(_BUILDKIT).strip()
    if is_joined and "\n" not in text:
        text = " ".join(text.split())
    instruction = _after_nop(text)
    if instruction is None:
        first, command = _split_options(text.removeprefix("RUN "))
        second, command = _split_options(_without_build_arguments(command))
        command = _SHELL.sub("", command, count=1) if _SHELL.match(command) else command
        command = first + second + command
        if command != text:
            return f"RUN {command}".strip()
        instruction = text
    return _as_written(instruction) or None


def keyword_of(instruction: str | None) -> str:
    """Return the keyword that the instruction starts with (``RUN``), or an empty string."""
    match = _KEYWORD.match(instruction or "")
    return match[0] if match else ""


def is_shell(command: str) -> bool:
    """Return True for a shell with the option that makes it run the next word: ``/bin/bash -o pipefail -c``."""
    return _SHELL.fullmatch(command) is not None


def _after_nop(text: str) -> str | None:
    """Return the text after the classic builder's mark for instructions that run no command, or None without it."""
    position = text.find(_NOP, 0, _LONGEST_SHELL)
    if position < 0 or not _SHELL_BEFORE_NOP.fullmatch(text[:position]):
        return None
    return text[position + len(_NOP) :].strip()


def _split_options(command: str) -> tuple[str, str]:
    """Return the options of a RUN that a command starts with, and the rest."""
    end = 0
    while option := _OPTION.match(command, end):
        end = option.end()
    return command[:end], command[end:]


def _without_build_arguments(command: str) -> str:
    """Return the command without the build arguments; the last ends at an option or the shell, or is one word."""
    count = _BUILD_ARGUMENTS.match(command)
    if count is None:
        return command
    position, left = count.end(), int(count[1])
    while left and (assignment := _ASSIGNMENT.match(command, position)):
        left -= 1
        end = _NEXT_ASSIGNMENT.search(command, assignment.end()) if left else None
        position = end.end() if end else _end_of_last_value(command, assignment.end())
    return command[position:]


def _end_of_last_value(command: str, start: int) -> int:
    shell = _SHELL.search(command, start, start + _LONGEST_VALUE)
    if shell is not None:
        option = _OPTION.search(command, start, shell.start())
        return option.start() if option else shell.start()
    word = _WORD.match(command, start)
    return word.end() if word else start


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


def _as_written(instruction: str) -> str:
    """Return an instruction other than RUN as the author of a Dockerfile writes it."""
    keyword, _, rest = instruction.partition(" ")
    rest = rest.strip()
    if keyword in _COMMANDS:
        return f"{keyword} {_command(rest, may_have_shell=keyword != 'SHELL')}".strip()
    if keyword == "EXPOSE" and _LINE_NUMBERS.fullmatch(rest):
        return UNKNOWN_PORTS
    if keyword in _LISTS:
        return f"{keyword} {_list(rest)}".strip()
    if keyword == "HEALTHCHECK":
        return f"{keyword} {_healthcheck(rest)}".strip()
    if keyword in COPYING:
        return _CONTENT_HASH.sub(r"\1:\2", instruction)
    return instruction


def _command(rest: str, *, may_have_shell: bool) -> str:
    """Return a command in exec form, or in shell form if a shell runs its last word."""
    match = _LIST.fullmatch(rest)
    words = _words(match[1]) if match else None
    if not words:
        return rest
    if may_have_shell and is_shell(" ".join(words[:-1])):
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
