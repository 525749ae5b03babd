"""Amounts in rules files: sizes such as ``20 MB``, shares such as ``0.05`` or ``5 %``."""

import math
import re

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<prefix>[kmgtp]?)(?P<binary>i?)b?", re.IGNORECASE)
_PERCENT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*%")
_PREFIXES = "kmgtp"

LARGEST = (1 << 63) - 1
"""The largest size in bytes that a rule may state."""


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
    if not 0 <= size <= LARGEST:
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
