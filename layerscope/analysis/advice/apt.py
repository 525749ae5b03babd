"""Uses of apt in an instruction, found in one pass over it: an instruction may have a million letters."""

import re
from collections.abc import Iterator

INSTALL = re.compile(r"\binstall\b")
CHANGE = re.compile(r"\b(?:install|upgrade|dist-upgrade|full-upgrade|build-dep)\b")
UPDATE = re.compile(r"\bupdate\b")
"""The verbs of apt that install, that need lists of packages, and that write these lists."""

_APT = re.compile(r"\b(?:apt-get|aptitude|apt)\b")
_SEPARATORS = re.compile(r"[;&|]+")


def apt_uses(instruction: str | None, verb: re.Pattern[str]) -> Iterator[str]:
    """Yield each use of apt with a verb, from the name of the program to the verb: ``apt-get -y install``."""
    for command in _SEPARATORS.split(instruction or ""):
        start = _APT.search(command)
        end = verb.search(command, start.end()) if start else None
        if start and end:
            yield command[start.start() : end.end()]
