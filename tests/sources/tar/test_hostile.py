"""Headers that would cost time or memory without bound: each cost is paid once, or ends the walk with a sentence."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression
from layerscope.sources.tar import extended, names, pax, walk
from tests.builders import compressed
from tests.listings import ListTar
from tests.tars import END, entry, header, padded, record
from tests.tars import pax as pax_header

MIB = 1 << 20
PACKED = [Compression.GZIP, Compression.ZSTD]


def xattr_records(count: int, prefix: bytes = b"") -> list[tuple[bytes, bytes]]:
    return [(b"SCHILY.xattr.user.%b%d" % (prefix, number), b"value") for number in range(count)]


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit


@pytest.fixture
def parsed_bodies(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the bodies of PAX headers that were parsed, in order."""
    bodies: list[bytes] = []

    def counted(body: bytes, *rest: object) -> pax.Records:
        bodies.append(body)
        return pax.parse_records(body, *rest)  # type: ignore[arg-type]  # handed through as they came

    monkeypatch.setattr(extended, "parse_records", counted)
    return bodies


@pytest.fixture
def _small_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the limits a hundredth of what they are, so that small tars reach them."""
    for name, value in (("_HEADERS", 3000), ("_RECORDS", 10_000), ("_MEMORY", 64 * 1024 * 10)):
        monkeypatch.setattr(names, name, value)
    monkeypatch.setattr(walk, "_FETCHES_A_YIELD", 0)


def limited(entries: LayerEntries, words: str) -> bool:
    return entries.error is not None and words in entries.error and "real layer" in entries.error


def test_a_pax_header_repeated_before_each_entry_is_parsed_once(listed: ListTar, parsed_bodies: list[bytes]) -> None:
    repeated = pax_header(*xattr_records(800), (b"uid", b"7"))
    entries = listed(b"".join(repeated + entry(b"%d" % number) for number in range(300)) + END)
    assert entries.error is None
    assert len(entries.table) == 300
    assert len(parsed_bodies) == 1
    assert {item.uid for item in entries} == {7}
    assert len(entries.table.xattrs) == 300
    assert len({id(xattrs) for xattrs in entries.table.xattrs.values()}) == 1, "entries share one tuple"


@pytest.mark.usefixtures("_small_allowance")
@pytest.mark.parametrize("count", [11_000, 200])
def test_many_small_records_end_within_a_limit(listed: ListTar, count: int) -> None:
    bodies = b"".join(entry(b"x", record(b"%d" % number, b"") * count, b"x") for number in range(15_000 // count))
    entries = listed(compressed(entry(b"first") + bodies + entry(b"a") + END, Compression.GZIP))
    assert limited(entries, "more records")
    assert list(entries.paths) == [b"first"]


@pytest.mark.usefixtures("_small_allowance")
@pytest.mark.parametrize("compression", PACKED)
def test_long_names_take_memory_within_a_limit(listed: ListTar, compression: Compression) -> None:
    names = (entry(b"x", b"%07d" % number + b"n" * 4000, b"L") + entry(b"x") for number in range(600))
    entries = listed(compressed(b"".join(names) + END, compression))
    assert limited(entries, "names and attributes")
    assert 150 < len(entries.table) < 500


@pytest.mark.usefixtures("_small_allowance")
def test_far_more_headers_than_stored_bytes_end_within_a_limit(listed: ListTar) -> None:
    for block in (entry(b"a"), entry(b"../a"), entry(b".wh..wh.aufs"), entry(b".wh.a"), entry(b"v", flag=b"V")):
        entries = listed(compressed(block * 10_000 + END, Compression.ZSTD))
        assert limited(entries, "more headers")


def test_names_beyond_the_limit_of_linux_are_left_out_with_a_warning(listed: ListTar) -> None:
    for length, kept in ((4096, True), (4097, False), (16_384, False), (1 << 20, False)):
        name = b"d/" * (length // 2 - 1) + b"d" * (2 + length % 2)
        for extension in (entry(b"x", name, b"L"), pax_header((b"path", name)), pax_header((b"GNU.sparse.name", name))):
            entries = listed(extension + entry(b"x") + entry(b"next") + END)
            assert entries.error is None
            assert list(entries.paths) == ([name] if kept else []) + [b"next"]
            assert len(entries.warnings) == (not kept)


def old_gnu(size: int, blocks: int, block: bytes) -> bytes:
    rest = bytes(41 + 96) + b"\1" + b"%011o\0" % size
    first = header(b"sparse", 0, b"S", magic=b"ustar  \0", rest=rest)
    return first + (block + b"\1" + bytes(7)) * (blocks - 1) + block + bytes(8)


EMPTY_PIECE = b"%011o\0%011o\0" % (0, 0)
SPARSE = {
    "old GNU": old_gnu(5, 500, EMPTY_PIECE * 21),
    "0.0": pax_header(*[(b"GNU.sparse.offset", b"0"), (b"GNU.sparse.numbytes", b"0")] * 12_500) + entry(b"sparse"),
    "0.1": pax_header((b"GNU.sparse.size", b"5"), (b"GNU.sparse.map", b"0,0," * 24_999 + b"0,0")) + entry(b"sparse"),
    "1.0": pax_header((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", b"5"))
    + entry(b"sparse", padded(b"25000\n" + b"0\n0\n" * 25_000)),
}


@pytest.mark.parametrize("sparse", SPARSE.values(), ids=SPARSE.keys())
@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
def test_pieces_without_bytes_are_dropped_and_bounded(listed: ListTar, sparse: bytes, compression: Compression) -> None:
    with memory_below(10 * MIB):
        entries = listed(compressed(sparse + entry(b"next") + END, compression))
    assert entries.error is None
    assert list(entries.paths) == [b"sparse", b"next"]
    assert entries.table.sparse == {0: ()}


@pytest.mark.usefixtures("_small_allowance")
@pytest.mark.parametrize("sparse", SPARSE.values(), ids=SPARSE.keys())
def test_pieces_without_bytes_end_within_a_limit(listed: ListTar, sparse: bytes) -> None:
    entries = listed(compressed(entry(b"first") + sparse + END, Compression.ZSTD))
    assert limited(entries, "more records")
    assert list(entries.paths) == [b"first"]


def test_a_piece_without_bytes_says_where_a_file_ends_and_is_no_part_of_its_map(listed: ListTar) -> None:
    records = pax_header((b"GNU.sparse.size", b"9000"), (b"GNU.sparse.map", b"100,3,9000,0"))
    assert listed(records + entry(b"a", b"abc") + END).table.sparse == {0: ((100, 3),)}


COUNTS = [b"9" * 19, b"9" * 20, b"9" * 5000, b"9" * 100_000, b"-1", b"1e9", b"\xb2", b""]


@pytest.mark.parametrize("count", COUNTS, ids=lambda count: f"{count[:5]!r} of {len(count)} bytes")
@pytest.mark.parametrize("compression", [Compression.NONE, *PACKED])
def test_a_sparse_count_that_is_absurd_is_an_error(listed: ListTar, count: bytes, compression: Compression) -> None:
    sparse = pax_header((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", b"5"))
    for text in (count + b"\n", b"1\n" + count + b"\n0\n", b"1\n0\n" + count + b"\n"):
        entries = listed(compressed(entry(b"first") + sparse + entry(b"a", padded(text)) + END, compression))
        assert list(entries.paths) == [b"first"]
        assert entries.error is not None
        assert "sparse" in entries.error


ODD_NUMBERS = [b"NaN", b"nan", b"inf", b"-inf", b"1e400", b"1e9", b"0x10", b"9" * 4300, b"-" + b"9" * 4300, b"9" * 5000]


@pytest.mark.parametrize("key", [b"mtime", b"uid", b"gid", b"size", b"GNU.sparse.size", b"GNU.sparse.realsize"])
def test_any_number_in_a_record_is_read_or_an_error(listed: ListTar, key: bytes) -> None:
    for number in ODD_NUMBERS:
        major = [(b"GNU.sparse.major", b"1")] if key == b"GNU.sparse.realsize" else []
        entries = listed(entry(b"first") + pax_header((key, number), *major) + entry(b"a", b"0\n") + END)
        assert next(iter(entries.paths)) == b"first"
        assert entries.error is None or len(entries.error) < 200


@pytest.mark.parametrize("field", [b"\xff" * 8, b"\x80" + b"\xff" * 7, b"\xbf" + b"\xff" * 7, b"\xc0" + bytes(7)])
def test_device_numbers_and_owners_have_32_bits_whatever_a_header_states(listed: ListTar, field: bytes) -> None:
    entries = listed(header(b"d", flag=b"3", devices=field * 2, uid=field, gid=field, mode=field) + END)
    assert entries.error is None
    (item,) = entries
    assert item.device is not None
    assert all(0 <= number < 1 << 32 for number in (*item.device, item.uid, item.gid))
    assert 0 <= item.mode < 1 << 12
