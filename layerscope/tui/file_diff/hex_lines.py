"""Bytes of one version in lines of hex, with the bytes that differ from the other version marked."""

from collections.abc import Iterator


def hex_lines(data: bytes, start: int, other: bytes) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield lines of hex, each with the spans of the bytes that differ from ``other``."""
    for at in range(0, len(data), 16):
        row, others = data[at : at + 16], other[at : at + 16]
        characters = "".join(chr(byte) if chr(byte).isascii() and chr(byte).isprintable() else "." for byte in row)
        head = f"{start + at:08x}  "
        line = f"{head}{row.hex(' '):<47}  {characters}"
        differing = [index for index, byte in enumerate(row) if others[index : index + 1] != bytes((byte,))]
        hexes = [(len(head) + 3 * index, len(head) + 3 * index + 2) for index in differing]
        ascii_column = len(head) + 49
        yield line, [*hexes, *((ascii_column + index, ascii_column + index + 1) for index in differing)]
