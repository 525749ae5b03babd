r"""The Dockerfile instruction that a history line's ``created_by`` was made from.

The classic builder writes ``/bin/sh -c #(nop)  CMD ["sh"]`` and ``/bin/sh -c make``, BuildKit ``CMD ["sh"]`` and
``RUN /bin/sh -c make # buildkit``. Both put build arguments first: ``|1 VERSION=2 /bin/sh -c make``. BuildKit keeps
the line breaks of a heredoc. Options of a RUN are before the shell or after it. See
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go.
"""

import re

from layerscope.model.go_values import as_written

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
_KEYWORD = re.compile(
    r"^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER"
    r"|VOLUME|WORKDIR)\b"
)


def instruction_of(created_by: str | None) -> str | None:
    """Return the instruction, ``RUN apt-get update``; None if the history has none.

    It is one line, except for a heredoc.
    """
    if created_by is None:
        return None
    text = created_by.strip().removesuffix(_BUILDKIT).strip()
    if "\n" not in text:
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
    return as_written(instruction, is_shell) or None


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
