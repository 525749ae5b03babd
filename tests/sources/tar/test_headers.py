"""Odd headers that are valid: old, foreign, with large numbers, and precedence among several for one entry."""

import pytest

from layerscope.model.entries import FileEntry, Kind
from tests.listings import ListTar
from tests.tars import END, entry, header, pax, with_checksum

LARGEST = (1 << 63) - 1


def only(listed: ListTar, blob: bytes) -> FileEntry:
    entries = listed(blob + END)
    assert entries.error is None
    (item,) = list(entries)
    return item


def base_256(value: int, length: int) -> bytes:
    return ((1 << (8 * length - 1)) + value if value >= 0 else (1 << (8 * length)) + value).to_bytes(length, "big")


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        (b"0", Kind.FILE), (b"\0", Kind.FILE), (b"7", Kind.FILE), (b"1", Kind.HARDLINK), (b"2", Kind.SYMLINK),
        (b"3", Kind.CHAR), (b"4", Kind.BLOCK), (b"5", Kind.DIR), (b"6", Kind.FIFO), (b"D", Kind.DIR),
        (b"A", Kind.FILE), (b"Z", Kind.FILE), (b"\xff", Kind.FILE), (b" ", Kind.FILE),
    ],
)  # fmt: skip
def test_the_type_flag_gives_the_kind_and_an_unknown_one_means_file(listed: ListTar, flag: bytes, kind: Kind) -> None:
    assert only(listed, header(b"a", flag=flag)).kind is kind


@pytest.mark.parametrize("flag", [b"0", b"\0", b"7", b"A", b"Z", b"D"])
def test_the_content_of_every_kind_of_file_is_skipped(listed: ListTar, flag: bytes) -> None:
    entries = listed(entry(b"a", b"x" * 700, flag) + entry(b"b") + END)
    assert list(entries.paths) == [b"a", b"b"]
    assert entries.table.sizes[0] == (0 if flag == b"D" else 700)


@pytest.mark.parametrize("flag", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_entries_other_than_files_have_no_content_whatever_size_they_state(listed: ListTar, flag: bytes) -> None:
    entries = listed(header(b"a", 700, flag) + pax((b"size", b"900")) + header(b"b", 0, flag) + entry(b"c") + END)
    assert entries.error is None
    assert [(item.path, item.size) for item in entries] == [(b"a", 0), (b"b", 0), (b"c", 0)]


@pytest.mark.parametrize("flag", [b"V", b"M", b"N"])
def test_labels_and_pieces_of_other_volumes_are_skipped_with_their_content(listed: ListTar, flag: bytes) -> None:
    assert only(listed, entry(b"label", b"x" * 700, flag) + entry(b"a")).path == b"a"


def test_a_version_7_header_has_no_magic_and_marks_a_folder_by_a_slash(listed: ListTar) -> None:
    old = {"magic": bytes(8)}
    entries = listed(entry(b"d/", flag=b"\0", **old) + entry(b"d/a", b"content", b"\0", **old) + END)
    assert [(item.path, item.kind, item.size) for item in entries] == [
        (b"d", Kind.DIR, 0),
        (b"d/a", Kind.FILE, 7),
    ]


@pytest.mark.parametrize(
    ("magic", "path"),
    [
        (b"ustar\x0000", b"long/way/a"), (b"ustar\0\0\0", b"long/way/a"), (b"ustar\x00  ", b"long/way/a"),
        (b"ustar  \0", b"a"), (bytes(8), b"a"),
    ],
)  # fmt: skip
def test_only_a_ustar_header_has_a_prefix(listed: ListTar, magic: bytes, path: bytes) -> None:
    assert only(listed, header(b"a", magic=magic, rest=b"long/way")).path == path
    assert only(listed, header(b"a", flag=b"\0", magic=magic, rest=b"long/way")).path == path


def test_a_name_and_a_prefix_may_fill_their_fields(listed: ListTar) -> None:
    assert only(listed, header(b"n" * 100, rest=b"p" * 155)).path == b"p" * 155 + b"/" + b"n" * 100


@pytest.mark.parametrize(
    "field",
    [
        b"00000000012\0", b"00000000012 ", b"000000000012", b"12 \0".ljust(12, b"\0"), b"12".ljust(12, b"\0"),
        b"         12 ", b"         12\0", base_256(10, 12),
    ],
)  # fmt: skip
def test_a_size_is_read_in_every_notation(listed: ListTar, field: bytes) -> None:
    assert only(listed, header(b"a", field) + b"0123456789".ljust(512, b"\0")).size == 10


@pytest.mark.parametrize("field", [bytes(12), b" " * 12, b" " * 11 + b"\0"])
def test_a_blank_size_is_zero(listed: ListTar, field: bytes) -> None:
    assert only(listed, header(b"a", field)).size == 0


@pytest.mark.parametrize(
    ("field", "mtime"),
    [
        (b"00000001234\0", 668), (bytes(12), 0), (b" " * 12, 0), (b"\xff" * 12, -1), (base_256(-5, 12), -5),
        (base_256(1 << 40, 12), 1 << 40), (base_256(1 << 93, 12), LARGEST), (base_256(-(1 << 93), 12), -LARGEST),
    ],
)  # fmt: skip
def test_an_mtime_is_read_in_every_notation_and_clamped_to_64_bits(listed: ListTar, field: bytes, mtime: int) -> None:
    assert only(listed, header(b"a", mtime=field)).mtime == mtime
    assert only(listed, header(b"a", flag=b"7", mtime=field)).mtime == mtime


@pytest.mark.parametrize(
    ("text", "mtime"),
    [
        (b"-1.5", -2),
        (b"-0.5", -1),
        (b"-1.0", -1),
        (b"-2", -2),
        (b"12.999999999", 12),
        (b"7", 7),
        (b"9" * 40, LARGEST),
        (b"-" + b"9" * 40, -LARGEST),
    ],
)
def test_an_mtime_in_a_record_is_decimal_and_rounded_down(listed: ListTar, text: bytes, mtime: int) -> None:
    assert only(listed, pax((b"mtime", text)) + header(b"a")).mtime == mtime
    assert only(listed, pax((b"mtime", text), (b"uid", b"1")) + header(b"a")).mtime == mtime


def test_owners_and_modes_are_read_in_base_256_too(listed: ListTar) -> None:
    item = only(listed, header(b"a", uid=base_256(4_000_000_000, 8), gid=b"0000012 ", mode=b"0104755\0"))
    assert (item.uid, item.gid, item.mode) == (4_000_000_000, 10, 0o4755)


def test_a_device_has_its_numbers(listed: ListTar) -> None:
    item = only(listed, header(b"null", flag=b"3", devices=b"0000001\x000000003\0"))
    assert (item.kind, item.device) == (Kind.CHAR, (1, 3))


def test_a_signed_checksum_holds(listed: ListTar) -> None:
    block = with_checksum(header(b"\xff\xfe\xc3"), signed=True)
    assert block != header(b"\xff\xfe\xc3")
    assert only(listed, block).path == b"\xff\xfe\xc3"


def test_a_checksum_beyond_16_bits_holds(listed: ListTar) -> None:
    block = header(b"\xff" * 100, link=b"\xff" * 100, rest=b"\xff" * 155)
    assert sum(block) > 65521
    assert only(listed, block).path == b"\xff" * 155 + b"/" + b"\xff" * 100


@pytest.mark.parametrize("width", [b"%07o\0", b"%06o\0 ", b"%06o \0", b"%6o\0 ", b"%o\0"])
def test_a_checksum_is_read_in_every_notation(listed: ListTar, width: bytes) -> None:
    block = header(b"a")
    field = (width % int(block[148:154], 8)).ljust(8, b"\0")
    assert only(listed, block[:148] + field + block[156:]).path == b"a"


def test_a_record_wins_over_a_long_name_and_that_over_the_header(listed: ListTar) -> None:
    long_names = entry(b"x", b"long\0", b"L") + entry(b"x", b"far\0", b"K")
    records = pax((b"path", b"pax"), (b"linkpath", b"there"))
    link = header(b"header", flag=b"2", link=b"near")
    for blob, path, target in (
        (link, b"header", b"near"),
        (long_names + link, b"long", b"far"),
        (records + link, b"pax", b"there"),
        (records + long_names + link, b"pax", b"there"),
        (long_names + records + link, b"pax", b"there"),
    ):
        item = only(listed, blob)
        assert (item.path, item.link) == (path, target)


def test_a_record_without_a_value_leaves_the_header_in_place(listed: ListTar) -> None:
    item = only(
        listed, pax((b"path", b""), (b"mtime", b""), (b"size", b"")) + entry(b"a", b"content", mtime=b"7" * 11 + b"\0")
    )
    assert (item.path, item.size, item.mtime) == (b"a", 7, 0o77777777777)


def test_an_extended_header_affects_the_next_entry_only(listed: ListTar) -> None:
    entries = listed(pax((b"path", b"other"), (b"uid", b"7")) + entry(b"a") + entry(b"b") + END)
    assert [(item.path, item.uid) for item in entries] == [(b"other", 7), (b"b", 0)]


def test_a_global_header_changes_no_entry_and_is_warned_of_once(listed: ListTar) -> None:
    stated = pax((b"path", b"x"), (b"uid", b"7"), (b"mtime", b"9"), (b"SCHILY.xattr.user.a", b"1"), flag=b"g")
    entries = listed(stated + entry(b"a") + pax((b"uid", b"8")) + stated + entry(b"b") + stated + END)
    assert [(item.path, item.uid, item.mtime, item.xattrs) for item in entries] == [(b"a", 0, 0, ()), (b"b", 8, 0, ())]
    assert entries.warnings == ["has PAX global headers, which change no entry: engines ignore them"]


def test_the_last_of_several_pax_headers_counts(listed: ListTar) -> None:
    item = only(listed, pax((b"path", b"b"), (b"uid", b"7")) + pax((b"gid", b"8")) + entry(b"a"))
    assert (item.path, item.uid, item.gid) == (b"a", 0, 8)


def test_an_empty_extended_header_changes_nothing(listed: ListTar) -> None:
    assert only(listed, pax() + pax(flag=b"g") + entry(b"a")).path == b"a"


def test_the_size_in_a_record_overrides_that_of_the_header(listed: ListTar) -> None:
    entries = listed(pax((b"size", b"700")) + header(b"a", 0) + bytes(1024) + entry(b"b") + END)
    assert [(item.path, item.size) for item in entries] == [(b"a", 700), (b"b", 0)]


def test_xattrs_are_sorted_and_read_from_both_families(listed: ListTar) -> None:
    item = only(
        listed,
        pax(
            (b"SCHILY.xattr.user.b", b"\x01\0=\n\xff"),
            (b"LIBARCHIVE.xattr.user.a%20b", b"AQI"),
            (b"LIBARCHIVE.xattr.user.b", b"unused"),
        )
        + entry(b"a"),
    )
    assert item.xattrs == ((b"user.a b", b"\x01\x02"), (b"user.b", b"\x01\0=\n\xff"))


def test_an_xattr_without_a_value_is_an_xattr(listed: ListTar) -> None:
    item = only(listed, pax((b"SCHILY.xattr.user.a", b""), (b"LIBARCHIVE.xattr.user.b", b"")) + entry(b"a"))
    assert item.xattrs == ((b"user.a", b""), (b"user.b", b""))


def test_the_walk_and_the_unusual_headers_read_an_entry_alike(listed: ListTar) -> None:
    fields = {"mode": b"0006711\0", "uid": b"0001750\0", "gid": b"0001751\0", "mtime": b"14000000000\0"}
    for flag in (b"0", b"1", b"2", b"5"):
        short, long = listed(
            entry(b"x/a", flag=flag, link=b"t", **fields)
            + pax((b"comment", b"x"), (b"SCHILY.xattr.user.a", b"x"))
            + entry(b"x/a", flag=flag, link=b"t", **fields)
            + END
        )
        assert (short.row, long.row) == (0, 1)
        assert (short.path, short.kind, short.mode, short.uid, short.gid, short.mtime, short.link) == (
            (long.path, long.kind, long.mode, long.uid, long.gid, long.mtime, long.link)
        )
