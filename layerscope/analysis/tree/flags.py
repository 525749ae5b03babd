"""Flags of many things at once: a byte for each, 1 for those of which something is true, or else 0.

`bytes.translate`, slices, and ``&`` and ``|`` of numbers that are as long as the flags take 1 ns for each of them; a
loop takes 100 ns.
"""

import sys
from collections.abc import Callable, Iterable

from layerscope.model.columns import Ints

Flags = bytes | bytearray


def number_of(flags: Flags) -> int:
    """Return the number whose bytes, the lowest first, are the flags."""
    return int.from_bytes(flags, "little")


def flags_of(number: int, count: int) -> bytes:
    """Return the flags from which `number_of` makes the number."""
    return number.to_bytes(count, "little")


def both(flags: Flags, others: Flags) -> bytes:
    """Return the flags that both have."""
    return flags_of(number_of(flags) & number_of(others), len(flags))


def either(flags: Flags, others: Flags) -> bytes:
    """Return the flags that either has."""
    return flags_of(number_of(flags) | number_of(others), len(flags))


def without(flags: Flags, others: Flags) -> bytes:
    """Return the flags that the others do not have."""
    return flags_of(number_of(flags) & ~number_of(others), len(flags))


def flags_at(nodes: range, chosen: Iterable[int]) -> bytes:
    """Return the flags of nodes of which some are chosen."""
    flags = bytearray(len(nodes))
    for node in chosen:
        flags[node - nodes.start] = 1
    return bytes(flags)


def byte_flags(is_true: Callable[[int], bool]) -> bytes:
    """Return the table with which `bytes.translate` flags the bytes of which something is true."""
    return bytes(map(is_true, range(256)))


def column_bytes(column: Ints, number: int) -> bytes:
    """Return one byte of each number of a column; byte 0 is the lowest."""
    size = column.itemsize
    return column.tobytes()[number if sys.byteorder == "little" else size - 1 - number :: size]


def equal_flags(column: Ints, value: int) -> bytes:
    """Flag the numbers whose lowest 16 bits are the value."""
    low, high = value & 0xFF, value >> 8
    return both(
        column_bytes(column, 0).translate(byte_flags(low.__eq__)),
        column_bytes(column, 1).translate(byte_flags(high.__eq__)),
    )


def at_most_flags(column: Ints, value: int) -> bytes:
    """Flag the numbers, of 16 bits each, that are at most the value."""
    low, high = value & 0xFF, value >> 8
    highs = column_bytes(column, 1)
    are_low = both(column_bytes(column, 0).translate(byte_flags(low.__ge__)), highs.translate(byte_flags(high.__eq__)))
    return either(are_low, highs.translate(byte_flags(high.__gt__)))


def steps(column: Ints) -> bytes:
    """Return by how much each number of a column, from the second one on, is larger than that before, modulo 256.

    All bytes are subtracted as one number. In each, the highest bit keeps the byte from borrowing from the next one,
    and is corrected at the end. For the numbers 3, 5, 5, 4, in hex and the lowest byte first::

        later 05 05 04    with the highest bit         85 85 84
        sooner 03 05 05   subtracted                   82 80 7f
                          the highest bit corrected    02 00 ff

    """
    low = column_bytes(column, 0)
    count = len(low) - 1
    later, sooner, highest = number_of(low[1:]), number_of(low[:-1]), number_of(b"\x80" * count)
    differences = (later | highest) - (sooner ^ (sooner & highest))
    return flags_of(differences ^ ((later ^ sooner ^ highest) & highest), count)
