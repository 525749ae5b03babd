"""Names in a tar: paths, whiteouts, bookkeeping, and names that are left out."""

import pytest

from layerscope.model.entries import Kind, LayerEntries, OpaqueWhiteout, Whiteout
from tests.listings import ListTar, listing
from tests.tars import END, entry, header, pax


def long_name(name: bytes, flag: bytes = b"L") -> bytes:
    return entry(b"././@LongLink", name + b"\0", flag, magic=b"ustar  \0")


def of_names(listed: ListTar, *names: bytes, flag: bytes = b"0") -> LayerEntries:
    entries = listed(b"".join(header(name, flag=flag) for name in names) + END)
    assert entries.error is None
    return entries


def hidden(entries: LayerEntries) -> list[bytes]:
    return [whiteout.path for whiteout in entries.whiteouts]


@pytest.mark.parametrize("flag", [b"0", b"\0", b"5", b"2", b"6"])
@pytest.mark.parametrize("name", [b"etc/x", b"./etc/x", b"/etc/x", b"etc/x/", b".//etc/./x//", b"//etc/x", b"etc/x/."])
def test_all_spellings_of_a_path_are_one_path(listed: ListTar, name: bytes, flag: bytes) -> None:
    assert list(of_names(listed, name, flag=flag).paths) == [b"etc/x"]


@pytest.mark.parametrize("name", [b".", b"./", b"/", b"", b"././/."])
def test_the_root_has_an_empty_path(listed: ListTar, name: bytes) -> None:
    assert list(of_names(listed, name, flag=b"5").paths) == [b""]


@pytest.mark.parametrize("name", [b"...", b"..a", b"a/..b/c", b".a", b"a/.b", b" ", b"a b", b"-", b"~", b"\\", b"*"])
def test_odd_names_are_kept(listed: ListTar, name: bytes) -> None:
    entries = of_names(listed, name)
    assert list(entries.paths) == [name]
    assert entries.warnings == []


@pytest.mark.parametrize("name", [b"..", b"../a", b"a/../b", b"a/..", b"/../a", b"./a/.././b", b"../.wh.a", b"a/../"])
def test_a_name_with_dot_dot_is_left_out_with_a_warning(listed: ListTar, name: bytes) -> None:
    content = b"its content is skipped"
    entries = listed(entry(name, content) + long_name(name) + entry(b"short", content) + entry(b"next") + END)
    assert list(entries.paths) == [b"next"]
    assert entries.whiteouts == []
    assert len(entries.warnings) == 2
    assert all(name.decode() in warning for warning in entries.warnings)


def test_a_warning_escapes_control_characters_and_cuts_long_names(listed: ListTar) -> None:
    entries = listed(entry(b"../\x1b[2J") + long_name(b"../" + b"n" * 5000) + entry(b"short") + END)
    assert len(entries.warnings) == 2
    assert all(len(warning) < 300 and warning.isprintable() for warning in entries.warnings)


def test_many_names_with_dot_dot_are_counted_after_the_first_warnings(listed: ListTar) -> None:
    entries = of_names(listed, *(b"../%d" % number for number in range(1000)))
    assert list(entries.paths) == []
    assert len(entries.warnings) < 30
    assert "980" in entries.warnings[-1]


def test_names_left_out_are_also_counted_in_a_broken_tar(listed: ListTar) -> None:
    entries = listed(b"".join(header(b"../%d" % number) for number in range(30)) + b"x" * 512)
    assert entries.error is not None
    assert "10" in entries.warnings[-1]


def test_an_overlong_name_or_link_target_is_left_out_with_a_warning(listed: ListTar) -> None:
    deep = b"d/" * 100_000
    entries = listed(
        pax((b"path", deep)) + entry(b"a") + long_name(deep) + entry(b"b") + pax((b"linkpath", deep))
        + entry(b"c", flag=b"2") + long_name(deep, b"K") + entry(b"d", flag=b"1") + entry(b"next") + END
    )  # fmt: skip
    assert entries.error is None
    assert list(entries.paths) == [b"next"]
    assert len(entries.warnings) == 4


def test_two_thousand_nested_folders_are_one_path(listed: ListTar) -> None:
    deep = b"/".join([b"d"] * 2000)
    for extended in (long_name(deep), pax((b"path", deep))):
        entries = listed(extended + entry(b"short", flag=b"5") + END)
        assert list(entries.paths) == [deep]
        assert entries.warnings == []


@pytest.mark.parametrize("value", [b"a\0b", b"a\0", b"./a\0/b"])
def test_a_name_ends_at_a_zero_byte_wherever_it_is_written(listed: ListTar, value: bytes) -> None:
    entries = listed(
        entry(value) + pax((b"path", value)) + entry(b"x") + long_name(value) + entry(b"x") + pax((b"linkpath", value))
        + entry(b"x", flag=b"2") + END
    )  # fmt: skip
    assert list(entries.paths) == [b"a", b"a", b"a", b"x"]
    assert entries.table.link(3) == value.partition(b"\0")[0]


@pytest.mark.parametrize("flag", [b"0", b"\0", b"1", b"2", b"3", b"5"])
def test_a_whiteout_is_recognized_by_its_name_whatever_its_kind(listed: ListTar, flag: bytes) -> None:
    entries = of_names(listed, b".wh.a", b"./etc/.wh.b", b"/etc/.wh.c/", b"d/.wh..e", flag=flag)
    assert list(entries.paths) == []
    assert hidden(entries) == [b"a", b"etc/b", b"etc/c", b"d/.e"]
    assert entries.warnings == []


def test_a_whiteout_of_a_long_name_is_a_whiteout(listed: ListTar) -> None:
    name = b"n" * 200
    entries = listed(long_name(b"d/.wh." + name) + entry(b"x") + pax((b"path", b"d/.wh." + name)) + entry(b"x") + END)
    assert hidden(entries) == [b"d/" + name] * 2


@pytest.mark.parametrize(("name", "folder"), [(b".wh..wh..opq", b""), (b"./d/.wh..wh..opq", b"d")])
def test_an_opaque_marker_applies_to_its_folder(listed: ListTar, name: bytes, folder: bytes) -> None:
    entries = of_names(listed, name)
    assert entries.opaque_whiteouts == [OpaqueWhiteout(folder)]
    assert list(entries.paths) == hidden(entries) == []


@pytest.mark.parametrize(
    "name", [b".wh..wh.plnk", b".wh..wh.aufs", b"a/.wh..wh.orph/", b".wh..wh.plnk/24.1", b"a/.wh..wh.plnk/b/c"]
)
def test_bookkeeping_is_skipped_with_all_below_it(listed: ListTar, name: bytes) -> None:
    entries = listed(entry(name, b"content") + entry(name + b"/.wh.x") + entry(name + b"/x") + entry(b"next") + END)
    assert list(entries.paths) == [b"next"]
    assert [*entries.whiteouts, *entries.opaque_whiteouts, *entries.warnings] == []


@pytest.mark.parametrize("name", [b".wh.", b"a/.wh.", b".wh..", b".wh...", b"a/.wh../"])
def test_a_whiteout_of_no_name_hides_nothing(listed: ListTar, name: bytes) -> None:
    entries = of_names(listed, name)
    assert [*entries.paths, *entries.whiteouts, *entries.opaque_whiteouts] == []


@pytest.mark.parametrize("name", [b"a.wh.b", b"a/.whx", b".w", b".wh", b"a.wh..wh..opq", b"wh..wh..opq"])
def test_a_name_that_only_looks_like_a_whiteout_is_a_name(listed: ListTar, name: bytes) -> None:
    entries = of_names(listed, name)
    assert list(entries.paths) == [name]
    assert entries.whiteouts == []


def test_the_position_of_whiteouts_in_the_tar_does_not_matter(listed: ListTar) -> None:
    hiding = [entry(b"d/.wh..wh..opq"), entry(b".wh.d")]
    writing = [entry(b"d", flag=b"5"), entry(b"d/x", b"content")]
    first, last = listed(b"".join(hiding + writing) + END), listed(b"".join(writing + hiding) + END)
    assert list(first.paths) == list(last.paths) == [b"d", b"d/x"]
    assert first.whiteouts == last.whiteouts == [Whiteout(b"d")]
    assert first.opaque_whiteouts == last.opaque_whiteouts == [OpaqueWhiteout(b"d")]


def test_the_content_of_whiteouts_and_bookkeeping_is_skipped(listed: ListTar) -> None:
    content = bytes(range(256)) * 9
    entries = listed(entry(b".wh.a", content) + entry(b".wh..wh.b", content) + entry(b"next", content) + END)
    assert listing(entries).entries[0].path == b"next"
    assert entries.error is None


def test_a_hard_links_target_is_a_path_of_the_image_and_a_symlinks_is_kept_as_it_is(listed: ListTar) -> None:
    entries = listed(
        header(b"h", flag=b"1", link=b"./etc//x/") + header(b"g", flag=b"1", link=b"/etc/x")
        + header(b"s", flag=b"2", link=b"../etc//x/") + header(b"c", flag=b"1", link=b"../x") + END
    )  # fmt: skip
    assert [item.link for item in entries] == [b"etc/x", b"etc/x", b"../etc//x/", b""]
    assert [item.kind for item in entries] == [Kind.HARDLINK, Kind.HARDLINK, Kind.SYMLINK, Kind.HARDLINK]


def test_two_entries_of_one_name_are_both_listed_in_order(listed: ListTar) -> None:
    entries = listed(entry(b"a", b"first") + entry(b"./a", b"second one") + END)
    assert [(item.path, item.size) for item in entries] == [(b"a", 5), (b"a", 10)]
