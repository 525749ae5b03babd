"""The rules of dive, a ``.dive-ci`` file: https://github.com/wagoodman/dive#ci-integration.

These are three keys under ``rules:``. Everything else in the file, such as other settings of dive or rules of plug-ins,
is ignored, and named in one line. Values are those that dive accepts, and missing keys have dive's defaults.
"""

from collections.abc import Callable

from layerscope.errors import UsageError
from layerscope.policy.amounts import parse_share, parse_size
from layerscope.policy.dive_yaml import read_entries
from layerscope.policy.rules import Rules, RulesFile, Share, Size
from layerscope.text import printable_line

_OFF = frozenset({"", "disabled", "off", "false"})

_RULES = "rules"

EFFICIENCY = "lowestEfficiency"
WASTED_BYTES = "highestWastedBytes"
USER_WASTED = "highestUserWastedPercent"

_DEFAULTS = {EFFICIENCY: "0.9", WASTED_BYTES: "disabled", USER_WASTED: "0.1"}
_KEYS = {name.lower(): name for name in _DEFAULTS} | {"lowestefficiencythreshold": EFFICIENCY}
"""Keys without case and hyphens: newer versions write ``lowest-efficiency-threshold``."""

_FIELDS = {EFFICIENCY: "min-dive-efficiency", WASTED_BYTES: "max-dead-size", USER_WASTED: "max-user-dead-share"}


def read_dive_rules(text: str, name: str) -> RulesFile:
    """Return the rules; raises UsageError with line and key if the text is invalid."""
    values, lines, ignored = dict(_DEFAULTS), dict[str, int](), dict[str, None]()
    has_rules = False
    for keys, line, value in read_entries(text, name, _RULES):
        if keys == (_RULES,):
            has_rules = True
            continue
        known = _KEYS.get(keys[1].replace("-", "").replace("_", "").lower()) if len(keys) > 1 else None
        if known is None:
            ignored[printable_line(".".join(keys))] = None
        elif known in lines:
            raise UsageError(f"{name}, line {line}: {known} is stated twice")
        else:
            values[known], lines[known] = value, line
    if not has_rules:
        raise UsageError(f"{name}, line 1: there is no `rules:` in the file")
    efficiency, wasted, user_wasted = (
        _amount(values[EFFICIENCY], _share, name, lines.get(EFFICIENCY), EFFICIENCY),
        _amount(values[WASTED_BYTES], parse_size, name, lines.get(WASTED_BYTES), WASTED_BYTES),
        _amount(values[USER_WASTED], _share, name, lines.get(USER_WASTED), USER_WASTED),
    )
    rules = Rules(
        min_dive_efficiency=None if efficiency is None else Share(efficiency),
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
        tuple(ignored),
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
