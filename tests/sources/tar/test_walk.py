"""The walk over a tar against `tarfile`, and against itself over each compression and chunk size."""

import bz2
import gzip
import io
import lzma
import math
import posixpath
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.model.entries import FileEntry, Kind, LayerEntries, Xattrs
from layerscope.model.image import Compression, FileSpan
from layerscope.sources.stream.compression import detect
from layerscope.sources.tar import blocks
from layerscope.sources.tar import walk as walk_module
from layerscope.sources.tar.blocks import open_blocks
from layerscope.sources.tar.walk import walk
from tests.builders import compressed, file, layer
from tests.listings import JUNK, ListTar, assert_sound, listing
from tests.tars import END, entry, pax

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
LARGEST_ID = (1 << 32) - 1
KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.CONTTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.DIR,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARDLINK,
    tarfile.FIFOTYPE: Kind.FIFO,
    tarfile.CHRTYPE: Kind.CHAR,
    tarfile.BLKTYPE: Kind.BLOCK,
}


def _is_plain(part: bytes) -> bool:
    return part not in (b".", b"..") and not part.startswith(b".wh.")


parts = st.one_of(
    st.text("ab.~ é漢🐳", min_size=1, max_size=6).map(str.encode),
    st.binary(min_size=1, max_size=4).map(lambda raw: raw.translate(None, b"\0/") or b"\xff"),
    st.builds(lambda part, count: part * count, st.sampled_from([b"x", b"\xc3\xa9", b"\xfe"]), st.integers(30, 130)),
).filter(_is_plain)
paths = st.builds(
    lambda start, names, slash: start + slash.join(names),
    st.sampled_from([b"", b"", b"./", b"/", b".//"]),
    st.lists(parts, min_size=1, max_size=5),
    st.sampled_from([b"/", b"/", b"//", b"/./"]),
)
targets = st.one_of(paths, st.sampled_from([b"/", b"..", b"../a/../b/", b"."]))
numbers = st.one_of(st.integers(0, 0o7777777), st.integers(0, LARGEST_ID), st.integers(-9, 0))
times = st.one_of(
    st.integers(0, 2**33),
    st.integers(-(2**53), 2**53),
    st.floats(-1e9, 5e9).map(lambda seconds: round(seconds, 3)),
)
contents = st.one_of(
    st.binary(max_size=20), st.sampled_from([0, 1, 511, 512, 513, 1024, 3000]).map(lambda size: b"0123456789" * size)
)
xattrs = st.dictionaries(
    st.sampled_from(["user.a", "security.capability", "é"]),
    st.binary(max_size=20).map(lambda value: value.decode("utf-8", "surrogateescape")),
    max_size=2,
)


@st.composite
def members(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member as `tarfile` writes it, and its content."""
    path = draw(paths)
    info = tarfile.TarInfo(_text(path))
    # tarfile recognizes an old directory by the last of the 100 bytes in the header, also where the name is longer
    info.type = draw(st.sampled_from(sorted(KINDS if len(path) <= 100 else KINDS.keys() - {tarfile.AREGTYPE})))
    info.mode = draw(st.integers(0, 0o7777))
    info.uid, info.gid, info.mtime = draw(numbers), draw(numbers), draw(times)
    if info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = _text(draw(targets))
    if info.type in (tarfile.CHRTYPE, tarfile.BLKTYPE):
        info.devmajor, info.devminor = draw(st.integers(0, 0o777777)), draw(st.integers(0, 0o777777))
    info.pax_headers = {f"SCHILY.xattr.{name}": value for name, value in draw(xattrs).items()}
    content = draw(contents) if info.isreg() else b""
    info.size = len(content)
    return info, content


archives = st.lists(members(), min_size=1, max_size=6)
global_headers = st.sampled_from(
    [b"", pax((b"comment", b"made by a test"), flag=b"g"), pax((b"uid", b"7"), (b"SCHILY.xattr.a", b"1"), flag=b"g")]
)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def written(archive: list[tuple[tarfile.TarInfo, bytes]], tar_format: int) -> bytes:
    """Return the tar of the members that the format can hold at all."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format, encoding="utf-8", errors="surrogateescape") as tar:
        for info, content in archive:
            try:
                tar.addfile(info, io.BytesIO(content))
            except ValueError:
                continue
    return buffer.getvalue()


def by_tarfile(tar: bytes) -> Iterator[tuple[FileEntry, int, bytes]]:
    """Yield each member with the offset of its data and the data, as `tarfile` reads them."""
    with tarfile.open(fileobj=io.BytesIO(tar), encoding="utf-8", errors="surrogateescape") as archive:
        for row, member in enumerate(archive):
            file = archive.extractfile(member) if member.isreg() else None
            kind = KINDS[member.type]
            item = FileEntry(
                path=_normal(member.name),
                kind=kind,
                size=member.size if kind is Kind.FILE else 0,
                mode=member.mode & 0o7777,
                uid=member.uid & LARGEST_ID,
                gid=member.gid & LARGEST_ID,
                mtime=math.floor(member.mtime),
                link=_link(member),
                xattrs=_xattrs(member),
                device=(member.devmajor, member.devminor) if member.isdev() and not member.isfifo() else None,
                row=row,
            )
            yield item, member.offset_data, file.read() if file else b""


def _normal(name: str) -> bytes:
    # behind a first folder, so that what normpath does to leading slashes does not matter
    return posixpath.normpath(f"x/{name}").encode("utf-8", "surrogateescape")[2:]


def _link(member: tarfile.TarInfo) -> bytes | None:
    if member.islnk():
        return b"" if ".." in member.linkname.split("/") else _normal(member.linkname)
    return member.linkname.encode("utf-8", "surrogateescape") if member.issym() else None


def _xattrs(member: tarfile.TarInfo) -> Xattrs:
    encoded = [
        (key.removeprefix("SCHILY.xattr.").encode(), value.encode("utf-8", "surrogateescape"))
        for key, value in member.pax_headers.items()
        if key.startswith("SCHILY.xattr.")
    ]
    return tuple(sorted(encoded))


@pytest.mark.parametrize("name", ["BZhello.txt", "BZh9", "\x1f\udc8b"])
def test_a_first_name_that_looks_like_a_compression_makes_none(listed: ListTar, name: str) -> None:
    entries = listed(layer(file(name, b"1")))
    assert entries.error is None
    assert [entry.path for entry in entries] == [name.encode("utf-8", "surrogateescape")]


@given(archives, st.sampled_from(FORMATS), global_headers)
@settings(max_examples=120)
def test_a_tar_is_read_as_tarfile_reads_it(
    listed: ListTar, archive: list[tuple[tarfile.TarInfo, bytes]], tar_format: int, global_header: bytes
) -> None:
    # tarfile applies global headers, which engines ignore, and is not shown them
    expected = list(by_tarfile(written(archive, tar_format)))
    tar = global_header + written(archive, tar_format)
    entries = listed(tar)
    assert entries.error is None
    assert list(entries) == [item for item, _, _ in expected]
    for item, (_, offset, data) in zip(entries, expected, strict=True):
        start = entries.table.data_offsets[item.row or 0]
        if item.kind is Kind.FILE:
            assert start == len(global_header) + offset
            assert tar[start : start + item.size] == data


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    """Let a tar be read in pieces of so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_SMALL_CHUNK", "_LARGE_CHUNK", "_STREAM_CHUNK"):
            patch.setattr(blocks, name, size)
        patch.setattr(walk_module, "_FETCHES_A_YIELD", 0)
        yield


chunk_sizes = st.one_of(st.sampled_from([511, 512, 513, 1024, 4096]), st.integers(60, 3000))


@given(archives, st.sampled_from(FORMATS), st.sampled_from(Compression), chunk_sizes)
@settings(max_examples=60)
def test_a_tar_is_listed_alike_in_every_compression_and_chunk_size(
    listed: ListTar,
    archive: list[tuple[tarfile.TarInfo, bytes]],
    tar_format: int,
    compression: Compression,
    size: int,
) -> None:
    tar = written(archive, tar_format)
    blob = compressed(tar, compression)
    assert detect(blob) is compression
    with chunks_of(size):
        assert listing(listed(blob)) == listing(listed(tar))


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("size", [1, 7, 100, 512])
def test_headers_and_names_that_straddle_many_chunks_are_whole(
    listed: ListTar, compression: Compression, size: int
) -> None:
    archive = [(tarfile.TarInfo("n" * length), b"") for length in (1, 99, 100, 101, 600, 1500)]
    tar = b"".join(written(archive, tar_format)[: -20 * 512] for tar_format in FORMATS)
    whole = listing(listed(tar))
    with chunks_of(size):
        assert listing(listed(compressed(tar, compression))) == whole


def _skippable(content: bytes) -> bytes:
    return b"\x53\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


def _in_parts(tar: bytes, cuts: list[int], compression: Compression) -> bytes:
    """Return the tar as several members or frames, with everything that may separate them."""
    places = [0, *sorted(cut % (len(tar) + 1) for cut in cuts), len(tar)]
    pieces = [tar[start:end] for start, end in pairwise(places)]
    match compression:
        case Compression.GZIP:
            return bytes(7).join(map(gzip.compress, pieces))
        case Compression.ZSTD:
            between = _skippable(b"a note")
            return between + between.join(compressed(piece, compression) for piece in pieces) + between
        case Compression.XZ:
            return bytes(4).join(map(lzma.compress, pieces))
        case _:
            return b"".join(map(bz2.compress, pieces))


@given(
    archives,
    st.lists(st.integers(0, 1 << 20), max_size=5),
    st.sampled_from([codec for codec in Compression if codec is not Compression.NONE]),
    chunk_sizes,
)
@settings(max_examples=40)
def test_several_members_or_frames_are_read_as_one_stream(
    listed: ListTar,
    archive: list[tuple[tarfile.TarInfo, bytes]],
    cuts: list[int],
    compression: Compression,
    size: int,
) -> None:
    tar = written(archive, tarfile.PAX_FORMAT)
    blob = _in_parts(tar, cuts, compression)
    assert detect(blob) is compression
    with chunks_of(size):
        assert listing(listed(blob)) == listing(listed(tar))


@given(archives, st.sampled_from(FORMATS), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=8))
@settings(max_examples=80)
def test_a_tar_with_wrong_bytes_anywhere_raises_nothing(
    listed: ListTar, archive: list[tuple[tarfile.TarInfo, bytes]], tar_format: int, wrong: list[tuple[int, int]]
) -> None:
    tar = bytearray(written(archive, tar_format))
    for position, byte in wrong:
        tar[position % len(tar)] = byte
    listed(bytes(tar))


@given(archives, st.sampled_from(FORMATS), st.integers(0))
@settings(max_examples=60)
def test_a_tar_that_is_cut_off_keeps_the_entries_before_the_cut(
    listed: ListTar, archive: list[tuple[tarfile.TarInfo, bytes]], tar_format: int, cut: int
) -> None:
    tar = written(archive, tar_format)
    whole, part = listed(tar), listed(tar[: cut % len(tar)])
    assert list(whole)[: len(part.table)] == list(part)
    assert part.error is not None or all(
        start + size <= cut % len(tar) for start, size in zip(part.table.data_offsets, part.table.sizes, strict=True)
    )


@given(archives, st.sampled_from([codec for codec in Compression if codec is not Compression.NONE]), st.data())
@settings(max_examples=40)
def test_a_corrupted_compressed_tar_raises_nothing(
    listed: ListTar, archive: list[tuple[tarfile.TarInfo, bytes]], compression: Compression, data: st.DataObject
) -> None:
    blob = bytearray(compressed(written(archive, tarfile.PAX_FORMAT), compression))
    position = data.draw(st.integers(0, len(blob) - 1))
    blob[position] ^= data.draw(st.integers(1, 255))
    listed(bytes(blob[: data.draw(st.integers(position, len(blob)))]))


@given(st.binary(max_size=2000))
@settings(max_examples=40)
def test_garbage_raises_nothing_and_is_not_a_tar(listed: ListTar, blob: bytes) -> None:
    entries = listed(blob)
    assert list(entries.paths) == []
    assert (entries.error is None) == (blob[:512] == bytes(512))


@pytest.mark.parametrize("compression", Compression)
def test_a_walk_yields_its_progress_and_may_be_stopped_at_any_yield(tmp_path: Path, compression: Compression) -> None:
    blob = compressed(b"".join(entry(b"%d" % number, b"content" * 99) for number in range(40)) + END, compression)
    path = tmp_path / "layer"
    path.write_bytes(JUNK + blob)
    span = FileSpan(str(path), len(JUNK), len(blob), len(blob))
    with chunks_of(1000):
        places = _steps(span, compression, LayerEntries(), count=1000)
        entries = LayerEntries()
        assert _steps(span, compression, entries, count=5) == places[:5]
    assert len(places) > 5
    assert places == sorted(places)
    assert 0 < places[-1] <= len(blob)
    assert_sound(entries)
    assert 0 < len(entries.table) < 40
    assert entries.error is None


def _steps(span: FileSpan, compression: Compression, entries: LayerEntries, count: int) -> list[int]:
    with closing(open_blocks(span, compression)) as blocks:
        return list(islice(walk(blocks, entries), count))
