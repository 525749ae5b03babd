"""The rules of dive, a ``.dive-ci`` file, and its efficiency: https://github.com/wagoodman/dive#ci-integration.

The rules are three keys under ``rules:``. Everything else in the file, such as other settings of dive or rules of
plug-ins, is ignored, and named in one line. Values are those that dive accepts, and missing keys have dive's defaults.
The variables are those of dive 0.13.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from layerscope.analysis.tree.change import GONE
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.errors import UsageError
from layerscope.model.entries import Kind
from layerscope.policy.rules import Rules, RulesFile, Share, Size, parse_share, parse_size
from layerscope.text import printable_line

if TYPE_CHECKING:
    from yaml import Node

_OFF = frozenset({"", "disabled", "off", "false"})

_RULES = "rules"

_LONGEST = 100_000
"""The most characters that are read as YAML, which takes a second for them."""

EFFICIENCY = "lowestEfficiency"
WASTED_BYTES = "highestWastedBytes"
USER_WASTED = "highestUserWastedPercent"

_DEFAULTS = {EFFICIENCY: "0.9", WASTED_BYTES: "disabled", USER_WASTED: "0.1"}
_KEYS = {name.lower(): name for name in _DEFAULTS} | {"lowestefficiencythreshold": EFFICIENCY}
"""Keys without case and hyphens: newer versions write ``lowest-efficiency-threshold``."""

_FIELDS = {EFFICIENCY: "min-dive-efficiency", WASTED_BYTES: "max-dead-size", USER_WASTED: "max-user-dead-share"}


DIVE_FILE = "DIVE_CI_CONFIG"
"""The environment variable that names the file of the rules."""

_VARIABLES = {
    EFFICIENCY: "DIVE_RULES_LOWEST_EFFICIENCY_THRESHOLD",
    WASTED_BYTES: "DIVE_RULES_HIGHEST_WASTED_BYTES",
    USER_WASTED: "DIVE_RULES_HIGHEST_USER_WASTED_PERCENT",
}


def dive_environment(environment: Mapping[str, str]) -> str:
    """Return the rules in dive's environment variables, as the text of a file; empty if there are none."""
    rules = {key: environment[name] for key, name in _VARIABLES.items() if name in environment}
    return json.dumps({_RULES: rules}) if rules else ""


def read_dive_rules(text: str, name: str) -> RulesFile:
    """Return the rules; raises UsageError with line and key if the text is invalid."""
    values, lines, ignored = dict(_DEFAULTS), dict[str, int](), dict[str, None]()
    for keys, line, value in _entries(text, name):
        known = _KEYS.get(keys[1].replace("-", "").replace("_", "").lower()) if len(keys) > 1 else None
        if known is None:
            ignored[printable_line(".".join(keys))] = None
        elif known in lines:
            raise UsageError(f"{name}, line {line}: {known} is stated twice")
        else:
            values[known], lines[known] = value, line
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


def _entries(text: str, name: str) -> Iterator[tuple[tuple[str, ...], int, str]]:
    """Yield the keys outside and inside of ``rules``, with their lines and values."""
    has_rules = False
    for key, line, value in _pairs(_parsed(text, name)):
        if key != _RULES:
            yield (key,), line, ""
            continue
        has_rules, pairs = True, list(_pairs(value))
        if value.value and not pairs:
            raise UsageError(f"{name}, line {value.start_mark.line + 1}: expected `key: value` below `rules:`")
        for inner, inner_line, scalar in pairs:
            yield (key, inner), inner_line, scalar.value if isinstance(scalar.value, str) else "a collection"
    if not has_rules:
        raise UsageError(f"{name}, line 1: there is no `rules:` in the file")


def _pairs(node: "Node | None") -> Iterator[tuple[str, int, "Node"]]:
    """Yield the keys of a mapping, with line and value; nothing for a scalar or a sequence."""
    for pair in node.value if node else ():
        if isinstance(pair, tuple):
            key, value = pair
            yield key.value if isinstance(key.value, str) else "?", key.start_mark.line + 1, value


def _parsed(text: str, name: str) -> "Node | None":
    """Return the root of the document as nodes: no values are made from them, and an alias is not a copy."""
    import yaml  # noqa: PLC0415  # 40 ms, and most images are not checked by such a file

    if len(text) > _LONGEST:
        raise UsageError(f"{name} is too large for the rules of dive: {len(text):,} characters")
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply for the rules of dive") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{name}{line}: not valid YAML: {printable_line(error.problem or '')}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not valid YAML: {printable_line(str(error))}") from error


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


def dive_efficiency(tree: LayeredTree) -> float:
    """Return the efficiency from 0 to 1 by dive's formula, so that a migrated check keeps its verdict.

    https://github.com/wagoodman/dive/blob/main/dive/filetree/efficiency.go: of every path that is a leaf in the tree of
    a layer, the smallest of its occurrences, divided by the sum of all of them. A whiteout is an occurrence, too: of a
    directory it has the size of everything below it, of a file none, and it counts beside an entry of the same path. An
    opaque whiteout is none. An image without content has the efficiency 1.
    """
    least = total = 0
    for sizes in _leaf_sizes(tree):
        least += min(sizes)
        total += sum(sizes)
    return least / total if total else 1.0


def _leaf_sizes(tree: LayeredTree) -> Iterator[list[int]]:
    """Yield for each path the sizes of its occurrences as a leaf, if there are any."""
    index, inner = tree.index, set[tuple[int, int]]()
    # Children come after their directory in preorder, so from the end, the inner directories of each layer are known.
    for node in range(len(index) - 1, 0, -1):
        sizes = []
        for occurrence in index.occurrences(node):
            layer, row = index.layers[occurrence], index.rows[occurrence]
            is_whited_out = index.is_whited_out(occurrence)
            if is_whited_out:
                was_directory = tree.kind(occurrence - 1) is Kind.DIR
                sizes.append(index.size_below(node, layer - 1) if was_directory else 0)
            if row >= 0 and (node, layer) not in inner:
                sizes.append(tree.own_size(occurrence))
            if row != GONE or is_whited_out:
                inner.add((index.parents[node], layer))
        if sizes:
            yield sizes
