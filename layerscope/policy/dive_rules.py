"""The rules of dive, a ``.dive-ci`` file: https://github.com/wagoodman/dive#ci-integration.

These are three keys under ``rules:``, in YAML. A YAML library would be a dependency for three lines; this reads the
part of YAML that such files use, strictly: anything else is an error. Values are those that dive accepts, and missing
keys have dive's defaults.
"""

import re
from collections.abc import Callable, Iterator

from layerscope.errors import UsageError
from layerscope.policy.amounts import parse_share, parse_size
from layerscope.policy.rules import Rules, RulesFile, Share, Size
from layerscope.text import printable_line

_LINE = re.compile(
    r"(?P<indent> *)(?P<key>[A-Za-z][A-Za-z_-]*):(?:[ \t]+(?P<value>[^#\s'\"][^#]*?|'[^']*'|\"[^\"\\]*\")?)?"
)
_COMMENT = re.compile(r"(?:^|[ \t]+)#.*")
_OFF = frozenset({"", "disabled", "off", "false"})

EFFICIENCY = "lowestEfficiency"
WASTED_BYTES = "highestWastedBytes"
USER_WASTED = "highestUserWastedPercent"

_DEFAULTS = {EFFICIENCY: "0.9", WASTED_BYTES: "disabled", USER_WASTED: "0.1"}
_KEYS = {name.lower(): name for name in _DEFAULTS} | {"lowestefficiencythreshold": EFFICIENCY}
"""Keys without case and hyphens: newer versions write ``lowest-efficiency-threshold``."""

_FIELDS = {EFFICIENCY: "min-efficiency", WASTED_BYTES: "max-dead-size", USER_WASTED: "max-user-dead-share"}


def read_dive_rules(text: str, name: str) -> RulesFile:
    """Return the rules; raises UsageError with line and key if the text is invalid."""
    values, lines = dict(_DEFAULTS), dict[str, int]()
    for number, key, value in _pairs(text, name):
        known = _KEYS.get(key.replace("-", "").replace("_", "").lower())
        if known is None:
            allowed = ", ".join(_DEFAULTS)
            raise UsageError(f"{name}, line {number}: there is no rule {printable_line(key)}, only {allowed}")
        if known in lines:
            raise UsageError(f"{name}, line {number}: {key} is stated twice")
        values[known], lines[known] = value, number
    efficiency, wasted, user_wasted = (
        _amount(values[EFFICIENCY], _share, name, lines.get(EFFICIENCY), EFFICIENCY),
        _amount(values[WASTED_BYTES], parse_size, name, lines.get(WASTED_BYTES), WASTED_BYTES),
        _amount(values[USER_WASTED], _share, name, lines.get(USER_WASTED), USER_WASTED),
    )
    rules = Rules(
        min_efficiency=None if efficiency is None else Share(efficiency),
        max_dead_size=None if wasted is None else Size(wasted),
        max_user_dead_share=None if user_wasted is None else Share(user_wasted),
    )
    if efficiency is wasted is user_wasted is None:
        raise UsageError(f"{name} disables all of its rules")
    return RulesFile(
        name,
        rules,
        {_FIELDS[key]: number for key, number in lines.items()},
        {field: key for key, field in _FIELDS.items()},
    )


def _share(text: str) -> float:
    try:
        return parse_share(float(text))
    except ValueError:
        raise ValueError(f"must be a number from 0 to 1, not {text!r}") from None


def _amount(value: str, parse: Callable[[str], float], name: str, line: int | None, key: str) -> float | None:
    if value.strip().lower() in _OFF:
        return None
    try:
        return parse(value)
    except ValueError as error:
        raise UsageError(f"{name}, line {line}: {key} {printable_line(str(error))}") from error


def _pairs(text: str, name: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the key and the value of each entry under ``rules:``."""
    inside, indent = False, None
    for number, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw).rstrip()
        if not line or (line == "---" and not inside):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise UsageError(f"{name}, line {number}: expected `key: value`, got {printable_line(line)[:60]}")
        if not match["indent"]:
            inside = match["key"] == "rules" and not match["value"]
            if not inside:
                raise UsageError(f"{name}, line {number}: expected `rules:`, got {printable_line(match['key'])}")
            continue
        indent = indent or match["indent"]
        if not inside or match["indent"] != indent:
            raise UsageError(f"{name}, line {number}: {printable_line(match['key'])} is indented unlike the others")
        yield number, match["key"], (match["value"] or "").strip().strip("'\"")
