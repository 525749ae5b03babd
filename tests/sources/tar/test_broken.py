"""Tars that break off or are broken: nothing is raised, what was read is kept, and one sentence gives the reason."""

import gzip
import lzma
import random
import tracemalloc
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.reader import read_layer
from tests.builders import compressed
from tests.listings import ListTar, listing
from tests.tars import END, entry, header, padded, pax, record, with_checksum

CODECS = [codec for codec in Compression if codec is not Compression.NONE]
CONTENT = b"content " * 200


def noise(size: int) -> bytes:
    """Return bytes that no compression makes shorter."""
    return random.Random(size).randbytes(size)  # noqa: S311  # no secret


@pytest.mark.parametrize("compression", Compression)
def test_an_empty_blob_is_an_error(listed: ListTar, compression: Compression) -> None:
    entries = listed(compressed(b"", compression))
    assert list(entries.paths) == []
    assert entries.error is not None
    assert "empty" in entries.error


@pytest.mark.parametrize("blocks", [1, 2, 20])
def test_a_tar_of_zero_blocks_only_is_an_empty_layer(listed: ListTar, blocks: int) -> None:
    entries = listed(bytes(512 * blocks))
    assert list(entries.paths) == []
    assert entries.error is None


@pytest.mark.parametrize(
    "blob",
    [b"hello", b"x" * 511, b"x" * 512, b"<html>" * 1000, b"\0" * 100, header(b"a")[:400]],
    ids=["a word", "less than a block", "a block", "text", "a few zeros", "half a header"],
)
def test_bytes_that_are_not_a_tar_are_an_error(listed: ListTar, blob: bytes) -> None:
    for variant in (blob, gzip.compress(blob)):
        entries = listed(variant)
        assert list(entries.paths) == []
        assert entries.error is not None
        assert "not a tar" in entries.error


@pytest.mark.parametrize(
    "end",
    [b"", bytes(512), END, END * 9, bytes(512) + b"junk"],
    ids=["without", "with one", "with two", "with many", "with one and junk"],
)
def test_a_tar_may_end_with_or_without_zero_blocks(listed: ListTar, end: bytes) -> None:
    entries = listed(entry(b"a", CONTENT) + entry(b"d", flag=b"5") + end)
    assert list(entries.paths) == [b"a", b"d"]
    assert entries.error is None


@pytest.mark.parametrize("size", [1, 511, 512, 513, 1600])
def test_the_last_file_of_a_tar_may_lack_its_padding(listed: ListTar, size: int) -> None:
    for flag in (b"0", b"7"):
        entries = listed(entry(b"a", CONTENT) + header(b"b", size, flag) + noise(size))
        assert list(entries.paths) == [b"a", b"b"]
        assert entries.error is None


@pytest.mark.parametrize("left", [0, 1, 512, 1599])
@pytest.mark.parametrize("codec", Compression)
def test_a_tar_that_ends_inside_content_names_the_file_and_keeps_it(
    listed: ListTar, left: int, codec: Compression
) -> None:
    tar = entry(b"a") + header(b"etc/\x1bb", 1600) + noise(left)
    entries = listed(compressed(tar, codec))
    assert list(entries.paths) == [b"a", b"etc/\x1bb"]
    assert entries.error is not None
    assert "etc/\\x1bb" in entries.error
    assert f"{len(tar):,}" in entries.error


@pytest.mark.parametrize(("size", "left"), [(100, 0), (1600, 700)])
def test_a_tar_that_ends_inside_content_without_an_entry_is_an_error(listed: ListTar, size: int, left: int) -> None:
    for name, flag in ((b"../a", b"0"), (b".wh..wh.aufs", b"0"), (b"label", b"V"), (b"dump", b"D")):
        entries = listed(entry(b"a", b"content") + header(name, size, flag) + noise(left))
        assert next(iter(entries.paths)) == b"a"
        assert entries.error is not None
        assert "ends inside" in entries.error


@pytest.mark.parametrize("left", [1, 100, 511])
def test_a_tar_that_ends_inside_a_header_is_an_error(listed: ListTar, left: int) -> None:
    entries = listed(entry(b"a", CONTENT) + header(b"b")[:left])
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert "ends inside a header" in entries.error


@pytest.mark.parametrize(
    "body",
    [pax((b"path", b"x" * 2000)), entry(b"x", b"n" * 2000, b"L"), entry(b"x", b"n" * 2000, b"K")],
    ids=["records", "long name", "long link"],
)
@pytest.mark.parametrize("left", [512, 600, 2000, 2500])
def test_a_tar_that_ends_inside_an_extended_header_is_an_error(listed: ListTar, body: bytes, left: int) -> None:
    entries = listed(entry(b"a", CONTENT) + body[:left])
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert "extended header" in entries.error


@pytest.mark.parametrize("end", [b"", END], ids=["without zero blocks", "with zero blocks"])
def test_an_extended_header_without_its_entry_is_an_error(listed: ListTar, end: bytes) -> None:
    for extended in (pax((b"path", b"b")), entry(b"x", b"name\0", b"L")):
        entries = listed(entry(b"a") + extended + end)
        assert list(entries.paths) == [b"a"]
        assert entries.error is not None
        assert "extended header" in entries.error
    assert listed(entry(b"a") + pax((b"comment", b"b"), flag=b"g") + end).error is None


@pytest.mark.parametrize("position", [0, 50, 110, 150, 156, 300, 511])
def test_a_header_whose_checksum_is_wrong_ends_the_walk(listed: ListTar, position: int) -> None:
    corrupted = bytearray(header(b"b"))
    corrupted[position] ^= 0x15
    entries = listed(entry(b"a", CONTENT) + bytes(corrupted) + entry(b"c") + END)
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert "header is broken" in entries.error
    assert f"{512 + len(padded(CONTENT)):,}" in entries.error


@pytest.mark.parametrize("checksum", [bytes(8), b" " * 8, b"\xff" * 8, b"abcdefgh", b"-0012345"])
def test_a_checksum_that_is_not_a_number_is_an_error(listed: ListTar, checksum: bytes) -> None:
    block = header(b"a")
    entries = listed(block[:148] + checksum + block[156:] + END)
    assert list(entries.paths) == []
    assert entries.error is not None


SIZES = {
    "all ones": b"\xff" * 12,
    "a negative block": (-512).to_bytes(12, "big", signed=True),
    "a negative number in octal": b"-0000000512\0",
    "2^63": b"\x80" + bytes(3) + (1 << 63).to_bytes(8, "big"),
    "2^94": b"\xbf" + b"\xff" * 11,
    "no number": b"0000000009x\0",
}


@pytest.mark.parametrize("field", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("name", [b"b", b".wh.b", b"../b", b".wh..wh.b"])
@pytest.mark.parametrize("flag", [b"0", b"7", b"\0"])
def test_an_impossible_size_ends_the_walk(listed: ListTar, field: bytes, name: bytes, flag: bytes) -> None:
    entries = listed(entry(b"a", CONTENT) + header(name, field, flag) + entry(b"c") + END)
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert "size" in entries.error


@pytest.mark.parametrize("field", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("flag", [b"x", b"g", b"L", b"K", b"V"])
def test_an_impossible_size_of_an_extended_header_ends_the_walk(listed: ListTar, field: bytes, flag: bytes) -> None:
    entries = listed(entry(b"a", CONTENT) + header(b"b", field, flag) + entry(b"c") + END)
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None


@pytest.mark.parametrize("field", SIZES.values(), ids=SIZES.keys())
def test_an_impossible_size_is_ignored_for_entries_without_content(listed: ListTar, field: bytes) -> None:
    entries = listed(header(b"d", field, b"5") + entry(b"a") + END)
    assert list(entries.paths) == [b"d", b"a"]
    assert entries.error is None


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
def test_a_size_beyond_any_file_is_a_tar_that_ends_inside_the_entry(listed: ListTar, compression: Compression) -> None:
    largest = b"\x80" + bytes(3) + ((1 << 63) - 1).to_bytes(8, "big")
    for extended, field in ((b"", largest), (pax((b"size", b"%d" % ((1 << 63) - 1))), b"0" * 11 + b"\0")):
        entries = listed(compressed(extended + header(b"a", field) + entry(b"b") + END, compression))
        assert list(entries.paths) == [b"a"]
        assert entries.table.sizes[0] == (1 << 63) - 1
        assert entries.error is not None
        assert "ends inside a" in entries.error


@pytest.mark.parametrize("field", ["mode", "uid", "gid", "mtime"])
@pytest.mark.parametrize("flag", [b"0", b"5", b"2", b"6"])
def test_a_field_that_is_not_a_number_ends_the_walk(listed: ListTar, field: str, flag: bytes) -> None:
    wrong = b"not a no.\0\0\0" if field == "mtime" else b"not no.\0"
    entries = listed(entry(b"a") + entry(b"b", flag=flag, **{field: wrong}) + END)
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert field in entries.error


def test_a_device_without_numbers_ends_the_walk(listed: ListTar) -> None:
    entries = listed(entry(b"a") + header(b"null", flag=b"3", devices=b"x" * 16) + END)
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert "device" in entries.error


@pytest.mark.parametrize("flag", [b"x", b"g", b"L", b"K"])
@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
def test_an_extended_header_that_claims_a_gigabyte_is_not_read(
    listed: ListTar, flag: bytes, compression: Compression
) -> None:
    tar = entry(b"a") + header(b"x", 1 << 30, flag) + bytes(1 << 20)
    tracemalloc.start()
    entries = listed(compressed(tar, compression))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert "1,073,741,824" in entries.error
    assert peak < 16 << 20


RECORDS = {
    "no length": b"path=x\n",
    "no space": b"9path=xy\n",
    "no equals sign": b"8 pathx\n",
    "no line end": b"10 path=xy",
    "a length that is too large": b"99 path=x\n",
    "a length that is too small": b"5 path=x\n",
    "a negative length": b"-9 path=x\n",
    "length 0": b"0 path=x\n",
    "an endless length": b"9" * 5000 + b" path=x\n",
}
VALUES = {
    "an mtime in words": record(b"mtime", b"noon"),
    "a size in words": record(b"size", b"many"),
    "a negative size": record(b"size", b"-1"),
    "an endless size": record(b"size", b"9" * 5000),
    "a uid in words": record(b"uid", b"root"),
}


CASES = [(name, b"x") for name in RECORDS | VALUES] + [(name, b"g") for name in RECORDS]


@pytest.mark.parametrize(("name", "flag"), CASES)
def test_a_broken_record_ends_the_walk(listed: ListTar, name: str, flag: bytes) -> None:
    entries = listed(entry(b"a", CONTENT) + entry(b"x", (RECORDS | VALUES)[name], flag) + entry(b"b") + END)
    assert list(entries.paths) == [b"a"]
    assert entries.error is not None
    assert "PAX record" in entries.error or "size" in entries.error


@pytest.mark.parametrize("codec", CODECS)
def test_a_compressed_layer_that_is_cut_off_keeps_what_was_read(listed: ListTar, codec: Compression) -> None:
    tar = b"".join(entry(b"%d" % number, noise(5000 + number)) for number in range(400)) + END
    blob = compressed(tar, codec)
    whole, entries = listed(tar), listed(blob[: len(blob) // 2])
    assert entries.error is not None
    assert f"{codec} stream ends early" in entries.error
    assert 150 < len(entries.table) < 210
    assert list(entries) == list(whole)[: len(entries.table)]


@pytest.mark.parametrize("codec", [Compression.GZIP, Compression.ZSTD, Compression.XZ])
def test_a_small_compressed_layer_that_is_cut_off_keeps_what_was_read(listed: ListTar, codec: Compression) -> None:
    tar = b"".join(entry(b"%d" % number, noise(700 + number)) for number in range(200)) + END
    blob = compressed(tar, codec)
    entries = listed(blob[: len(blob) * 9 // 10])
    assert entries.error is not None
    assert 80 < len(entries.table) < 190


@pytest.mark.parametrize("codec", CODECS)
def test_a_compressed_layer_with_a_wrong_byte_keeps_what_was_read(listed: ListTar, codec: Compression) -> None:
    tar = b"".join(entry(b"%d" % number, noise(5000 + number)) for number in range(400)) + END
    blob = bytearray(_with_sums(tar, codec))
    for position in range(len(blob) // 2, len(blob) // 2 + 5000):
        blob[position] ^= 0xA5
    entries = listed(bytes(blob))
    assert entries.error is not None
    assert 50 < len(entries.table) < 210
    assert list(entries.paths) == [b"%d" % number for number in range(len(entries.table))]


def _with_sums(tar: bytes, codec: Compression) -> bytes:
    """Return the tar compressed in pieces: most have a checksum each."""
    return b"".join(compressed(tar[start : start + 100_000], codec) for start in range(0, len(tar), 100_000))


def test_a_gzip_with_a_flipped_byte_is_an_error_and_raises_nothing(listed: ListTar) -> None:
    blob = bytearray(gzip.compress(b"".join(entry(b"%d" % number, noise(700)) for number in range(50)) + END))
    for position in range(0, len(blob), 97):
        corrupted = bytearray(blob)
        corrupted[position] ^= 0x40
        listed(bytes(corrupted))
    corrupted = bytearray(blob)
    corrupted[20] ^= 0xFF
    entries = listed(bytes(corrupted))
    assert entries.error is not None


@pytest.mark.parametrize("codec", CODECS)
def test_garbage_behind_a_compressed_stream_is_ignored_when_the_tar_has_ended(
    listed: ListTar, codec: Compression
) -> None:
    entries = listed(compressed(entry(b"a", CONTENT) + END, codec) + b"garbage" * 99)
    assert list(entries.paths) == [b"a"]
    assert entries.error is None


def test_a_zstd_frame_that_needs_too_much_memory_is_refused(listed: ListTar) -> None:
    # magic, a frame header with a window descriptor for 2 GiB, and an empty last block
    entries = listed(b"\x28\xb5\x2f\xfd" + bytes([0x00, 21 << 3]) + b"\x01\x00\x00")
    assert list(entries.paths) == []
    assert entries.error is not None
    assert "memory" in entries.error


def test_an_xz_stream_that_needs_too_much_memory_is_refused(listed: ListTar) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    blob = bytearray(lzma.compress(entry(b"a", CONTENT) + END, filters=filters))
    block_header = blob[12 : 12 + 4 * (blob[12] + 1)]
    # the size of the dictionary, coded: 4 GiB, and the checksum of the header around it
    block_header[block_header.index(0x21) + 2] = 40
    block_header[-4:] = crc32(block_header[:-4]).to_bytes(4, "little")
    blob[12 : 12 + len(block_header)] = block_header
    entries = listed(bytes(blob))
    assert list(entries.paths) == []
    assert entries.error is not None
    assert "memory" in entries.error


def test_64_mib_of_zeros_are_listed_in_little_memory(listed: ListTar) -> None:
    size = 64 << 20
    blob = gzip.compress(entry(b"a", bytes(size)) + entry(b"b", CONTENT) + END, 1)
    tracemalloc.start()
    entries = listed(blob)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(item.path, item.size) for item in entries] == [(b"a", size), (b"b", len(CONTENT))]
    assert peak < 8 << 20


def test_a_missing_layer_has_the_reason_as_its_error() -> None:
    missing = Layer(1, FileSpan("/no/such/file", 0, 10, 10), Compression.GZIP)
    without_blob = Layer(1, None, None, problem="it is foreign")
    errors = []
    for layer in (missing, without_blob, Layer(1, None, None)):
        entries = LayerEntries()
        assert list(read_layer(layer, entries)) == []
        errors.append(entries.error)
    assert errors[0] is not None
    assert "No such file" in errors[0]
    assert errors[1:] == ["it is foreign", "its blob is missing"]


def test_a_layer_that_its_archive_cuts_off_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    tar = entry(b"a") + entry(b"b")
    path.write_bytes(tar)
    entries = LayerEntries()
    assert list(read_layer(Layer(1, FileSpan(str(path), 0, len(tar), len(tar) + 512), Compression.NONE), entries)) == []
    assert list(entries.paths) == [b"a", b"b"]
    assert entries.error is not None
    assert "512" in entries.error


def _name_field(name: bytes) -> bytes:
    return name.ljust(100, b"\0")


wild_numbers = st.one_of(
    st.integers(0, 4000).map(lambda value: b"%011o\0" % value),
    st.integers(-(1 << 95), (1 << 95) - 1).map(lambda value: b"\x80" + value.to_bytes(12, "big", signed=True)[1:]),
    st.binary(min_size=12, max_size=12),
    st.sampled_from([b"-0000000512\0", b"\xff" * 12, bytes(12)]),
)
wild_headers = st.builds(
    lambda *fields: with_checksum(b"".join(fields).ljust(512, b"\0")),
    st.sampled_from([b"a", b"./b/", b"..", b".wh.c", b"d/.wh..wh..opq", b"", b"\xff" * 100]).map(_name_field),
    st.one_of(st.just(b"0000644\0" * 3), st.binary(min_size=24, max_size=24)),
    wild_numbers,
    wild_numbers,
    st.just(bytes(8)),
    st.sampled_from(list(b"01234567xgLKSSDVZ\0")).map(lambda flag: bytes([flag])),
    st.sampled_from([b"a", b"../a", b"", b"\xff" * 100]).map(_name_field),
    st.sampled_from([b"ustar\x0000", b"ustar  \0", bytes(8)]),
    st.one_of(st.just(b""), st.binary(max_size=247), st.just(bytes(1) + b"00000000012\0" * 20)),
)
wild_keys = st.sampled_from(
    [b"path", b"linkpath", b"size", b"mtime", b"uid", b"GNU.sparse.map", b"GNU.sparse.size", b"GNU.sparse.major",
     b"GNU.sparse.realsize", b"GNU.sparse.offset", b"GNU.sparse.numbytes", b"GNU.sparse.name", b"SCHILY.xattr.a",
     b"LIBARCHIVE.xattr.a%zz", b""]
)  # fmt: skip
wild_values = st.one_of(
    st.binary(max_size=30),
    st.integers(-9, 1 << 70).map(b"%d".__mod__),
    st.sampled_from([b"1", b"0,10", b"../x", b"9" * 5000]),
)
wild_records = st.builds(
    lambda flag, records, tail: entry(b"x", b"".join(record(*each) for each in records) + tail, flag),
    st.sampled_from([b"x", b"x", b"x", b"g"]),
    st.lists(st.tuples(wild_keys, wild_values), max_size=4),
    st.sampled_from([b"", b"", b"", b"junk", b"\0\0"]),
)
wild_contents = st.binary(max_size=20).map(padded)
wild_pieces = st.one_of(wild_headers, wild_records, wild_contents, st.just(entry(b"ok", b"content")))


@given(st.lists(wild_pieces, min_size=1, max_size=8), st.booleans())
@settings(max_examples=160)
def test_headers_with_wild_values_in_every_field_raise_nothing(
    listed: ListTar, pieces: list[bytes], packed: bool
) -> None:
    tar = b"".join([entry(b"first"), *pieces, END])
    assert listing(listed(gzip.compress(tar, 1) if packed else tar)) == listing(listed(tar))
