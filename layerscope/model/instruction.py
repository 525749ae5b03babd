"""The Dockerfile instruction that a history line's ``created_by`` was made from."""

import re

_SHELL = re.compile(r"^(?:/bin/(?:ba|da|a)?sh\s+-(?:o pipefail -)?e?c|cmd /S /C|powershell -Command)\s+", re.IGNORECASE)
_BUILD_ARGS = re.compile(r"^\|\d+\s+(?P<args>.*?)(?=/bin/(?:ba|da|a)?sh\s+-|cmd /S /C|powershell -Command)", re.DOTALL)
_NOP = re.compile(r"^#\(nop\)\s*")
_BUILDKIT = re.compile(r"\s*#\s*buildkit\s*$")
_KEYWORD = re.compile(
    r"^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER"
    r"|VOLUME|WORKDIR)\b"
)


def instruction_of(created_by: str | None) -> str | None:
    """Return the instruction in one line: ``RUN apt-get update``; None if the history has none.

    The classic builder writes ``/bin/sh -c #(nop)  CMD ["sh"]``, BuildKit ``RUN /bin/sh -c make # buildkit``, and both
    put build arguments in front as ``|1 VERSION=2 /bin/sh -c make``.
    """
    if created_by is None:
        return None
    text = _BUILDKIT.sub("", " ".join(created_by.split()))
    explicit_run = text.startswith("RUN ")
    text = _BUILD_ARGS.sub("", text.removeprefix("RUN "))
    command = _SHELL.sub("", text)
    if _NOP.match(command):
        return _NOP.sub("", command).strip() or None
    if explicit_run or command != text:
        return f"RUN {command}".strip()
    return text or None


def keyword_of(instruction: str | None) -> str:
    """Return the keyword that the instruction starts with (``RUN``), or an empty string."""
    match = _KEYWORD.match(instruction or "")
    return match[0] if match else ""
