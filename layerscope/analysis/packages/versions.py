"""The order of versions, by the rules of Debian, which the others share but for the words of a pre-release.

https://www.debian.org/doc/debian-policy/ch-controlfields.html#version
"""

import re

_PARTS = re.compile(r"([^0-9]*)([0-9]*)")
_PRE_RELEASE = re.compile(
    r"[-._]?(?=(a|b|c|rc|m|alpha|beta|dev|pre|preview|snapshot|cr)[-._]?[0-9]*(?:$|[-._+]))", re.IGNORECASE
)
_SYSTEM_PACKAGES = ("dpkg", "rpm")
"""The managers whose versions mark what comes before a release by a tilde alone."""

_BEFORE_ALL, _END, _AFTER_LETTERS = -1, 0, 0x110000

_Part = tuple[tuple[int, ...], tuple[int, str]]


def version_key(version: str, manager: str) -> tuple[tuple[_Part, ...], ...]:
    """Return a key by which the versions of a manager's packages sort."""
    if manager == "npm":
        # https://semver.org/#spec-item-11: what comes after a hyphen is a pre-release, whatever its name
        version = version.partition("+")[0].replace("-", "~", 1)
    elif manager not in _SYSTEM_PACKAGES:
        version = _PRE_RELEASE.sub(_tildes, version, count=1)
    epoch, _, rest = version.rpartition("!" if manager == "pip" else ":")
    upstream, hyphen, revision = rest.rpartition("-")
    return tuple(map(_parts, (epoch, upstream, revision) if hyphen else (epoch, rest, "")))


def _tildes(pre_release: re.Match[str]) -> str:
    # https://packaging.python.org/en/latest/specifications/version-specifiers/: 1.0.dev1 comes before 1.0a1
    return "~~" if pre_release[1].lower() == "dev" else "~"


def _parts(text: str) -> tuple[_Part, ...]:
    """Return the words of a version, each with the number after it; texts of digits may be longer than a number's."""
    return tuple(
        ((*map(_rank, word), _END), (len(digits.lstrip("0")), digits.lstrip("0")))
        for word, digits in _PARTS.findall(text)
    )


def _rank(character: str) -> int:
    """Return the rank of a character: a tilde before the end, letters after it, all others after those."""
    if character == "~":
        return _BEFORE_ALL
    return ord(character) + (0 if character.isalpha() else _AFTER_LETTERS)
