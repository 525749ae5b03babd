"""The header of an ELF file in words (System V ABI, chapter 4; `readelf -h` and `readelf -l` print the same)."""

import struct
from typing import NamedTuple

from layerscope.analysis.file_types.by_prefix import ELF_MAGIC

_MACHINES = {
    3: "x86",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC 64",
    22: "S/390",
    40: "ARM",
    62: "x86-64",
    183: "AArch64",
    243: "RISC-V",
    247: "eBPF",
    258: "LoongArch",
}
_TYPES = {1: "object file", 2: "executable", 3: "shared object", 4: "core dump"}
_EXECUTABLE, _SHARED = 2, 3
_DYNAMIC, _INTERPRETER = 2, 3
_IDENTIFICATION = 16


class _Layout(NamedTuple):
    """The fields behind the 16 bytes of identification in one class of ELF, and the size of a program header."""

    head: str
    segment_size: int


_LAYOUTS = {1: _Layout("HHIIIIIHHH", 32), 2: _Layout("HHIQQQIHHH", 56)}


def elf_words(head: bytes) -> str | None:
    """Return ``ELF 64-bit executable, x86-64, dynamically linked`` or the like; None if the file is not an ELF file."""
    if not head.startswith(ELF_MAGIC) or len(head) < _IDENTIFICATION:
        return None
    layout = _LAYOUTS.get(head[4])
    order = {1: "<", 2: ">"}.get(head[5])
    if layout is None or order is None:
        return "ELF file, broken"
    try:
        fields = struct.unpack_from(order + layout.head, head, _IDENTIFICATION)
    except struct.error:
        return "ELF file, cut short"
    kind, machine, table, count = fields[0], fields[1], fields[4], fields[9]
    types = _segment_types(head, order, table, count, layout.segment_size)
    words = f"ELF {32 * head[4]}-bit {_kind_word(kind, types)}, {_MACHINES.get(machine, f'machine {machine}')}"
    return ", ".join(filter(None, (words, _linkage(kind, types))))


def _segment_types(head: bytes, order: str, table: int, count: int, size: int) -> frozenset[int]:
    """Return the types of the program headers that the first bytes hold."""
    offsets = (table + number * size for number in range(count))
    return frozenset(
        struct.unpack_from(f"{order}I", head, offset)[0] for offset in offsets if 0 < offset <= len(head) - size
    )


def _kind_word(kind: int, types: frozenset[int]) -> str:
    # A position-independent program is a shared object that names an interpreter.
    return "executable" if kind == _SHARED and _INTERPRETER in types else _TYPES.get(kind, f"file of type {kind}")


def _linkage(kind: int, types: frozenset[int]) -> str:
    if _INTERPRETER in types:
        return "dynamically linked"
    if kind == _SHARED:
        return ""
    return "statically linked" if kind == _EXECUTABLE and _DYNAMIC not in types else ""
