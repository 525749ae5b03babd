"""Compresses the files of the wheel with libdeflate, which looks longer for repetitions than zlib: 2 % are saved."""

import struct
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
_MEMBER, _LISTED, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_VERSION = 20
_STRONGEST = 12


class CompressionHook(BuildHookInterface[Any]):
    """Writes the wheel again when it is built; an editable one, which is installed at once, stays as it is."""

    def finalize(self, version: str, _build_data: dict[str, Any], artifact_path: str) -> None:
        """Replace the wheel by one with the same files in the same order."""
        if version == "editable":
            return
        with ZipFile(artifact_path) as wheel:
            files = [(info, wheel.read(info)) for info in wheel.infolist()]
        Path(artifact_path).write_bytes(_zip(files))


def _zip(files: list[tuple[ZipInfo, bytes]]) -> bytes:
    from deflate import deflate_compress  # noqa: PLC0415  # an editable wheel needs none

    members, listed = bytearray(), bytearray()
    for info, content in files:
        packed = deflate_compress(content, _STRONGEST)
        method, data = (ZIP_DEFLATED, packed) if len(packed) < len(content) else (ZIP_STORED, content)
        name, (year, month, day, hour, minute, second) = info.filename.encode(), info.date_time
        times = hour << 11 | minute << 5 | second >> 1, (year - 1980) << 9 | month << 5 | day
        facts = _VERSION, info.flag_bits, method, *times, info.CRC, len(data), len(content), len(name), 0
        made_by = info.create_system << 8 | _VERSION
        listed += _LISTED.pack(b"PK\1\2", made_by, *facts, 0, 0, info.internal_attr, info.external_attr, len(members))
        listed += name
        members += _MEMBER.pack(b"PK\3\4", *facts) + name + data
    counts = len(files), len(files)
    return bytes(members + listed + _END.pack(b"PK\5\6", 0, 0, *counts, len(listed), len(members), 0))
