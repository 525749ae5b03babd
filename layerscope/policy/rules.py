"""The rules, as a file states them: amounts such as ``20 MB`` and ``5 %``, globs, lists."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from layerscope.errors import UsageError
from layerscope.text import printable_line

Count = Annotated[int, Meta(ge=0)]

_WRONG_KEY = re.compile(r"unknown field `(?P<unknown>[^`]+)`|at `\$\.(?P<path>[^`.\[]+)")
"""The part of a msgspec message that names the wrong key."""

_LARGEST_GROWTH = 1_000_000
"""The largest share that ``max-growth`` may state: an image may grow to several times its size."""


_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<prefix>[kmgtp]?)(?P<binary>i?)b?", re.IGNORECASE)
_PERCENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*%")
_PREFIXES = "kmgtp"

_LARGEST_SIZE = (1 << 63) - 1
"""The largest size in bytes that a rule may state."""


class Size(int):
    """Bytes; ``20 MB`` in a file."""

    __slots__ = ()


class Share(float):
    """A fraction; ``0.05`` or ``5 %`` in a file."""

    __slots__ = ()


class Amount:
    """A size, or a share. It is not a dataclass, because msgspec would read one from a table."""

    __slots__ = ("share", "size")

    def __init__(self, size: int | None = None, share: float | None = None) -> None:
        self.size = size
        self.share = share


class PathPattern(str):
    """A glob in a rule: ``/etc/*.conf`` from the root, ``*.pyc`` anywhere; ``**`` matches any folders."""

    __slots__ = ()


class Rules(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """The rules by their keys in a file; None: the rule is not stated. An empty list allows nothing.

    Rules about dead bytes, paths, setuid files and secrets ignore the paths that match ``ignore``. What is new is
    what the baseline has not; the globs of ``allowed_new_packages`` are of names.
    """

    min_efficiency: Share | None = None
    min_dive_efficiency: Share | None = None
    max_dead_size: Size | None = None
    max_dead_share: Share | None = None
    max_user_dead_share: Share | None = None
    max_content_size: Size | None = None
    max_blob_size: Size | None = None
    max_layer_size: Size | None = None
    max_layers: Count | None = None
    max_growth: Amount | None = None
    max_pull_size: Size | None = None
    baseline: str | None = None
    forbidden_paths: list[PathPattern] | None = None
    required_paths: list[PathPattern] | None = None
    allowed_setuid: list[PathPattern] | None = None
    allowed_secrets: list[PathPattern] | None = None
    allowed_new_packages: list[str] | None = None
    allowed_new_setuid: list[PathPattern] | None = None
    allowed_new_secrets: list[PathPattern] | None = None
    ignore: list[PathPattern] = []

    @property
    def use_baseline(self) -> bool:
        """True if a rule compares with the baseline."""
        return any(getattr(self, field) is not None for field in BASELINE_RULES)


NO_RULES = frozenset({"baseline", "ignore"})
"""Keys that are settings, not rules."""

BASELINE_RULES = ("max_growth", "max_pull_size", "allowed_new_packages", "allowed_new_setuid", "allowed_new_secrets")
"""The rules that compare with the baseline."""


@dataclass(frozen=True, slots=True)
class RulesFile:
    """Rules with the name of their file; ``lines`` has the line of each key, from 1.

    ``keys`` are the names that the file uses, if they differ from ours; ``ignored`` are keys of other rules.
    """

    name: str
    rules: Rules
    lines: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def rules_from(document: object, name: str, where: str = "", lines: Mapping[str, int] | None = None) -> Rules:
    """Return the rules in a decoded document.

    Raises UsageError with the wrong key, its table ``where``, and its line if ``lines`` has it.
    """
    try:
        rules = msgspec.convert(document, Rules, dec_hook=_decode)
    except msgspec.ValidationError as error:
        message = str(error)
        raise UsageError(f"{name}{_line(message, lines or {})}: {_sentence(message, where)}") from error
    if all(getattr(rules, field) is None for field in rules.__struct_fields__ if field not in NO_RULES):
        raise UsageError(f"{name} has no rule{f' in {where}' if where else ''}; layerscope check --init writes some")
    return rules


def _line(message: str, lines: Mapping[str, int]) -> str:
    """Return the line of the key that a msgspec message names, if it is known."""
    match = _WRONG_KEY.search(message)
    line = lines.get(match["unknown"] or match["path"]) if match else None
    return f", line {line}" if line else ""


def _sentence(message: str, where: str) -> str:
    """Return a msgspec message with the key in front: ``max-layers: expected `int`, got `str```."""
    text, _, location = printable_line(message).partition(" - at `")
    key = location.rstrip("`").removeprefix("$.").removeprefix("$")
    path = ".".join(part for part in (where.strip("[]"), key) if part)
    text = text[:1].lower() + text[1:]
    return f"{path}: {text}" if path else text


def parse_size(value: object) -> int:
    """Return a size in bytes: a whole number, or a text with a unit (1 MB is 10^6 bytes, 1 MiB is 2^20).

    Raises ValueError with a sentence.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())) and _is_unit(match):
        base = 1024 if match["binary"] else 1000
        power = _PREFIXES.index(match["prefix"].lower()) + 1 if match["prefix"] else 0
        size = round(float(match["number"]) * base**power)
    else:
        raise ValueError(f"must be a size such as 20000000 or '20 MB', not {value!r}")
    if not 0 <= size <= _LARGEST_SIZE:
        raise ValueError(f"is out of range for a size: {value!r}")
    return size


def _is_unit(match: re.Match[str]) -> bool:
    # An "i" means binary units, and only after a prefix.
    return bool(match["prefix"]) or not match["binary"]


def parse_share(value: object, most: float = 1) -> float:
    """Return a share as a fraction: a number, or a text like ``5 %``; raises ValueError with a sentence."""
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value.strip())):
        share = float(match["number"]) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        share = float(value)
    else:
        raise ValueError(f"must be a share such as 0.05 or '5 %', not {value!r}")
    if not math.isfinite(share) or not 0 <= share <= most:
        raise ValueError(f"must be a share from 0 to {most:g}, not {value!r}")
    return share


def _decode(kind: type, value: object) -> object:
    if kind is Amount:
        return _amount(value)
    if kind is PathPattern:
        return _pattern(value)
    return Size(parse_size(value)) if kind is Size else Share(parse_share(value))


def _amount(value: object) -> Amount:
    if isinstance(value, str) and value.rstrip().endswith("%"):
        return Amount(share=parse_share(value, _LARGEST_GROWTH))
    return Amount(size=parse_size(value))


def _pattern(value: object) -> PathPattern:
    if not isinstance(value, str) or not value.strip("/"):
        raise ValueError(f"must be a path or a glob, not {value!r}")
    return PathPattern(value)
