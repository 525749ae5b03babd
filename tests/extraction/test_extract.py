import errno
import os
import resource
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import LayerscopeError, UsageError
from layerscope.extraction.confined import ConfinedFolder
from layerscope.extraction.extract import extract
from layerscope.extraction.options import Extracted, ExtractionOptions, FileInTheWay, Incomplete, LeftOut
from layerscope.model.image import Compression
from layerscope.model.progress import Progress, no_progress
from layerscope.session.loaded_image import layer_number, present_node
from layerscope.session.open import open_image
from tests.builders import (
    device,
    directory,
    docker_archive,
    fifo,
    file,
    hardlink,
    image,
    layer,
    oci_archive,
    opaque,
    sparse,
    symlink,
    whiteout,
)
from tests.tars import TarEntry, header

BIG = os.urandom(300_000)
PARTIAL = ExtractionOptions(partial=True)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return the folder to write to; beside it lies what nobody may touch."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("kept")
    return tmp_path / "target"


@pytest.fixture(autouse=True)
def _outside_is_untouched(target: Path) -> Iterator[None]:
    """Look, after each test, that nothing was written beside the target, and that no workshop is left in it."""
    yield
    beside = {path.name for path in target.parent.iterdir()}
    assert beside <= {"outside", "target", "image.tar"}
    assert [path.name for path in (target.parent / "outside").iterdir()] == ["secret"]
    assert (target.parent / "outside/secret").read_text() == "kept"
    if target.is_dir():
        assert not list(target.rglob(".layerscope-*"))


def take_out(  # noqa: PLR0917  # what a test is about stands in its line
    target: Path,
    layers: Sequence[Sequence[TarEntry]],
    paths: Sequence[str] = ("/",),
    number: int | None = None,
    options: ExtractionOptions | None = None,
    progress: Progress = no_progress,
    compression: Compression = Compression.NONE,
) -> Extracted:
    tars = [layer(*entries) for entries in layers]
    archive = oci_archive(target.parent / "image.tar", image(*tars), compression=compression)
    with open_image(str(archive)) as session:
        at = layer_number(session.image, number)
        nodes = [present_node(session.load(), path, at) for path in paths]
        return extract(session.load(), nodes, at, str(target), options=options, progress=progress)


def tree_of(folder: Path) -> dict[str, str]:
    """Return what is in a folder: contents of files, targets of links, a slash for a folder."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = "/" if path.is_dir() else path.read_text()
    return found


@pytest.mark.parametrize("compression", list(Compression))
def test_the_whole_tree_is_written_as_after_the_last_layer(target: Path, compression: Compression) -> None:
    base = [
        directory("etc"),
        file("etc/hosts", b"old"),
        file("etc/gone", b"x"),
        symlink("bin", "usr/bin"),
        file("b", BIG),
    ]
    top = [file("etc/hosts", b"new"), whiteout("etc/gone"), file("usr/bin/sh", b"sh"), file("c", BIG[:70_000])]
    found = take_out(target, [base, top], compression=compression)
    assert {path: text for path, text in tree_of_bytes(target).items() if path not in "bc"} == {
        "bin": b"-> usr/bin",
        "etc": b"/",
        "etc/hosts": b"new",
        "usr": b"/",
        "usr/bin": b"/",
        "usr/bin/sh": b"sh",
    }
    assert (target / "b").read_bytes() == BIG
    assert (found.files, found.folders, found.links, found.size) == (4, 3, 1, 370_005)


def tree_of_bytes(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = b"-> " + os.fsencode(path.readlink())
        else:
            found[name] = b"/" if path.is_dir() else path.read_bytes()
    return found


def test_files_keep_their_paths_and_hidden_files_can_be_extracted(target: Path) -> None:
    layers = [[file("etc/a/hosts", b"old"), file("etc/other")], [whiteout("etc/a")]]
    take_out(target, layers, ["/etc/a/hosts"], number=1)
    assert tree_of(target) == {"etc": "/", "etc/a": "/", "etc/a/hosts": "old"}
    with pytest.raises(UsageError, match="/etc/a/hosts does not exist after layer 2: layer 1 holds it"):
        take_out(target, layers, ["/etc/a/hosts"])
    with pytest.raises(UsageError, match="/etc/b is in no layer"):
        take_out(target, layers, ["etc/b"])


def test_several_paths_and_folders_may_be_asked_for(target: Path) -> None:
    layers = [[file("a/x", b"x"), file("a/y/z", b"z"), file("b/c", b"c"), file("d")]]
    take_out(target, layers, ["/a", "/a/y", "/b/c"])
    assert tree_of(target) == {"a": "/", "a/x": "x", "a/y": "/", "a/y/z": "z", "b": "/", "b/c": "c"}


def test_modes_and_times_are_restored_without_setuid_and_setgid(target: Path) -> None:
    layers = [
        [directory("d", mode=0o1777, mtime=5), file("d/s", b"x", mode=0o6755, mtime=7), directory("d/r", mode=0o555)]
    ]
    layers[0].append(file("d/r/f", mode=0o400))
    take_out(target, layers)
    assert _mode(target / "d/s") == 0o755
    assert _mode(target / "d") == 0o1777
    assert _mode(target / "d/r") == 0o555
    assert _mode(target / "d/r/f") == 0o400
    assert ((target / "d").stat().st_mtime, (target / "d/s").stat().st_mtime) == (5, 7)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_setuid_bits_are_kept_on_request(target: Path) -> None:
    take_out(target, [[file("s", mode=0o6755)]], options=ExtractionOptions(setuid=True))
    assert _mode(target / "s") == 0o6755


@as_root
def test_root_can_restore_owners_and_devices(target: Path) -> None:
    layers = [[file("f", b"x", uid=1234, gid=5678), device("null", 1, 3), symlink("l", "f", uid=1234)]]
    found = take_out(target, layers, options=ExtractionOptions(owners=True, devices=True))
    assert found.left_out == ()
    assert ((target / "f").stat().st_uid, (target / "f").stat().st_gid) == (1234, 5678)
    assert (target / "l").lstat().st_uid == 1234
    made = (target / "null").stat()
    assert stat.S_ISCHR(made.st_mode)
    assert (os.major(made.st_rdev), os.minor(made.st_rdev)) == (1, 3)


CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
"""cap_net_raw=ep, as Linux stores it (struct vfs_cap_data, revision 2)."""

ACL = b"\2\0\0\0" + b"".join(
    tag.to_bytes(2, "little") + permissions.to_bytes(2, "little") + who.to_bytes(4, "little")
    for tag, permissions, who in (
        (1, 7, 2**32 - 1),
        (2, 4, 1234),
        (4, 5, 2**32 - 1),
        (16, 5, 2**32 - 1),
        (32, 5, 2**32 - 1),
    )
)
"""user::rwx, user:1234:r--, group::r-x, mask::r-x, other::r-x (linux/posix_acl_xattr.h)."""

XATTRS = ExtractionOptions(xattrs=True)


def xattrs(values: dict[str, bytes]) -> dict[str, str]:
    """Return the PAX records of extended attributes."""
    return {f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape") for name, value in values.items()}


def xattrs_of(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}


def takes_xattrs(folder: Path) -> bool:
    try:
        os.setxattr(folder, "user.test", b"")
    except OSError:
        return False
    return True


@pytest.fixture
def with_xattrs(target: Path) -> Path:
    """Return the target, if its file system stores extended attributes."""
    if not takes_xattrs(target.parent / "outside"):
        pytest.skip("the file system has no extended attributes")
    return target


def test_xattrs_are_left_out_and_counted_unless_they_are_asked_for(with_xattrs: Path) -> None:
    entries = [
        file("a", records=xattrs({"user.a": b"1", "security.capability": CAPABILITY})),
        hardlink("b", "a"),
        directory("d", records=xattrs({"user.d": b"2"})),
        file("plain"),
    ]
    assert take_out(with_xattrs, [entries]).with_xattrs == 2
    assert [xattrs_of(with_xattrs / name) for name in "abd"] == [{}, {}, {}]


def test_xattrs_of_files_and_folders_are_restored(with_xattrs: Path) -> None:
    entries = [
        file("a", records=xattrs({"user.b": b"\0\xff", "user.a": b""}), mode=0o400),
        file("z", records=xattrs({"user.z": b"z"})),
        hardlink("link", "z"),
        directory("d", records=xattrs({"user.d": b"2"}), mode=0o555),
    ]
    base64 = file("e", records={"LIBARCHIVE.xattr.user.%65": "NTU="})
    extracted = take_out(with_xattrs, [[*entries, base64]], options=XATTRS)
    assert (extracted.with_xattrs, extracted.left_out) == (0, ())
    assert xattrs_of(with_xattrs / "a") == {"user.a": b"", "user.b": b"\0\xff"}
    assert xattrs_of(with_xattrs / "d") == {"user.d": b"2"}
    assert xattrs_of(with_xattrs / "e") == {"user.e": b"55"}
    assert (_mode(with_xattrs / "a"), _mode(with_xattrs / "d")) == (0o400, 0o555)
    take_out(with_xattrs, [entries], ["/link"], options=ExtractionOptions(force=True, xattrs=True))
    assert xattrs_of(with_xattrs / "link") == {"user.z": b"z"}


@as_root
def test_root_can_restore_capabilities_and_acls_of_files_with_other_owners(with_xattrs: Path) -> None:
    values = xattrs({"security.capability": CAPABILITY, "system.posix_acl_access": ACL})
    entries = [
        file("ping", b"x", mode=0o4755, uid=1234, gid=5, records=values),
        fifo("pipe", uid=7, mode=0o755, records=xattrs({"system.posix_acl_access": ACL})),
        symlink("l", "ping", records=xattrs({"user.l": b"x"})),
    ]
    extracted = take_out(with_xattrs, [entries], options=ExtractionOptions(owners=True, setuid=True, xattrs=True))
    assert xattrs_of(with_xattrs / "ping") == {"security.capability": CAPABILITY, "system.posix_acl_access": ACL}
    assert xattrs_of(with_xattrs / "pipe") == {"system.posix_acl_access": ACL}
    assert (_mode(with_xattrs / "ping"), (with_xattrs / "ping").stat().st_uid) == (0o4755, 1234)
    # Linux has user attributes for files and folders only
    assert extracted.left_out == (LeftOut(b"l", "Operation not permitted", "xattr user.l"),)


def test_xattrs_that_a_file_system_reads_are_never_restored(with_xattrs: Path) -> None:
    names = ("trusted.overlay.opaque", "user.overlay.opaque", "user.containers.override_stat", "security.selinux")
    records = {f"SCHILY.xattr.{name}": "y" for name in (*names, "trusted.x", "security.capability2", "user.a\0b")}
    extracted = take_out(with_xattrs, [[directory("d", records=records)]], options=XATTRS)
    assert xattrs_of(with_xattrs / "d") == {}
    assert {each.reason for each in extracted.left_out} == {"it belongs to the system that the image was built on"}
    assert [each.part for each in extracted.left_out] == sorted(each.part for each in extracted.left_out)
    assert {f"xattr {name}" for name in names} < {each.part for each in extracted.left_out}
    assert len(extracted.left_out) == 7


def test_an_xattr_that_the_system_refuses_is_reported_and_the_file_is_written(with_xattrs: Path) -> None:
    records = xattrs({"user.a": bytes(70_000), "user.b": b"1"})
    extracted = take_out(with_xattrs, [[file("f", b"x", records=records)]], options=XATTRS)
    assert [(each.path, each.part) for each in extracted.left_out] == [(b"f", "xattr user.a")]
    assert xattrs_of(with_xattrs / "f") == {"user.b": b"1"}
    assert (with_xattrs / "f").read_bytes() == b"x"


def base_256(number: int) -> bytes:
    """Return a number as a tar field of 8 bytes holds it, if it is too large for octal digits, or negative."""
    encoded = number.to_bytes(8, "big", signed=True)
    return bytes([0xFF if number < 0 else 0x80]) + encoded[1:]


@as_root
@pytest.mark.parametrize("numbers", [(1 << 31, 0), (-1, 3), (1, -(1 << 20)), (1 << 12, 0), (0, 1 << 20)])
def test_device_numbers_that_no_system_has_are_left_out(target: Path, numbers: tuple[int, int]) -> None:
    odd = header(b"dev/odd", flag=b"3", devices=b"".join(map(base_256, numbers)))
    archive = docker_archive(target.parent / "image.tar", image(odd + layer(device("dev/null", 1, 3))))
    with open_image(str(archive)) as session:
        with pytest.raises(Incomplete, match=r"^/dev/odd cannot be written: no system has its device numbers$"):
            extract(session.load(), [0], 1, str(target), options=ExtractionOptions(devices=True))
        assert not target.exists()
        extracted = extract(session.load(), [0], 1, str(target), options=ExtractionOptions(devices=True, partial=True))
    assert extracted.left_out == (LeftOut(b"dev/odd", "no system has its device numbers"),)
    assert (extracted.devices, extracted.words) == (1, "1 folder and 1 device (0 B)")


@as_root
def test_an_owner_that_no_system_has_is_reported(target: Path) -> None:
    number = (1 << 32) - 1
    entries = [file("a", b"1", uid=number, gid=7), file("b", uid=5, gid=6)]
    extracted = take_out(target, [entries], options=ExtractionOptions(owners=True))
    assert extracted.left_out == (LeftOut(b"a", "no system has it", f"the owner {number}:7"),)
    assert ((target / "a").stat().st_uid, (target / "a").stat().st_gid) == (os.geteuid(), 7)
    assert ((target / "b").stat().st_uid, (target / "b").stat().st_gid) == (5, 6)


def test_pipes_are_counted(target: Path) -> None:
    assert take_out(target, [[fifo("pipe")]]).words == "1 pipe (0 B)"


def test_the_cost_of_a_deep_path_is_linear(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = 0

    def counted(*arguments: Any, **options: Any) -> int:
        nonlocal opened
        opened += 1
        return real(*arguments, **options)

    real = os.open
    monkeypatch.setattr(os, "open", counted)
    counts = []
    for depth in (300, 600):
        opened, path = 0, "/".join([f"d{depth}", *["d"] * depth]) + "/f"
        take_out(target, [[file(path, b"1")]], [path])
        counts.append(opened)
    assert counts[1] < 3 * counts[0]
    assert counts[1] < 100 * 600


def test_folders_that_are_moved_or_removed_are_opened_anew(target: Path) -> None:
    target.mkdir()
    with ConfinedFolder.open(os.fsencode(target)) as folder:
        for path in (b"a", b"a/b", b"other"):
            folder.make_folder(path)
        with folder.new_file(b"a/b/f"):
            pass
        folder.move(b"a", folder, b"c")
        assert folder.status(b"a/b/f") is None
        assert folder.status(b"c/b/f") is not None
        folder.make_folder(b"a")
        folder.make_folder(b"a/b")
        assert folder.names(b"a/b") == []
        folder.remove_all(b"a")
        folder.make_symlink(b"a", b"other")
        for path in (b"a", b"a/b"):
            with pytest.raises(NotADirectoryError), folder.folder(path):
                pass
        assert folder.names(b"c/b") == [b"f"]
        assert folder.names(b"") == [b"a", b"c", b"other"]


def test_a_deep_tree_opens_few_descriptors(target: Path) -> None:
    target.mkdir()
    path = b""
    with ConfinedFolder.open(os.fsencode(target)) as folder:
        for _ in range(1_500):
            path = path + b"/d" if path else b"d"
            folder.make_folder(path)
        assert len(list(Path("/proc/self/fd").iterdir())) < 150
        folder.remove_all(b"d")
    assert list(target.iterdir()) == []


def test_other_users_cannot_restore_owners_or_devices(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UsageError, match="only root"):
        take_out(target, [[file("f")]], options=ExtractionOptions(owners=True))
    assert not target.exists()


def test_devices_are_left_out_and_dangling_hard_links_on_request_only(target: Path) -> None:
    layers = [
        [device("dev/null", 1, 3), device("dev/sda", 8, 0, block=True), fifo("pipe"), hardlink("l", "no"), file("f")]
    ]
    with pytest.raises(Incomplete, match=r"^/l cannot be written: the target of this hard link is not in the image$"):
        take_out(target, layers)
    assert not target.exists()
    found = take_out(target, layers, options=PARTIAL)
    assert {left.path: left.reason for left in found.left_out} == {
        b"dev/null": "it is a device",
        b"dev/sda": "it is a device",
        b"l": "the target of this hard link is not in the image",
    }
    assert (target / "pipe").is_fifo()
    assert sorted(path.name for path in target.iterdir()) == ["dev", "f", "pipe"]


def test_hard_links_are_one_file_whichever_name_is_selected(target: Path) -> None:
    layers = [[file("a", b"x"), hardlink("b", "a"), hardlink("d/c", "b")], [whiteout("a")]]
    take_out(target, layers)
    assert os.path.samefile(target / "b", target / "d/c")  # noqa: PTH121  # links of one inode
    assert (target / "b").read_bytes() == b"x"
    take_out(target, layers, ["/a", "/d"], number=1, options=ExtractionOptions(force=True))
    assert (target / "a").stat().st_nlink == 2


def test_hard_links_to_symlinks_and_pipes_are_other_names_of_them(target: Path) -> None:
    layers = [
        [symlink("s", "f"), hardlink("d/again", "s"), hardlink("more", "d/again"), fifo("p"), hardlink("q", "p")],
        [hardlink("later", "s"), whiteout("s"), file("f", b"x")],
    ]
    take_out(target, layers, number=1)
    for one, other in (("s", "d/again"), ("s", "more"), ("p", "q")):
        assert (target / one).lstat().st_ino == (target / other).lstat().st_ino
    take_out(target, layers, ["/more", "/later", "/q"], options=ExtractionOptions(force=True))
    assert str((target / "later").readlink()) == "f"
    assert (target / "q").is_fifo()


def test_hard_links_to_devices_and_folders_are_left_out(target: Path) -> None:
    layers = [[device("null", 1, 3), hardlink("zero", "null"), directory("d"), hardlink("e", "d"), hardlink("x", "x")]]
    with pytest.raises(Incomplete, match=r"^/e cannot be written: .* is not in the image \(2 such paths\)$"):
        take_out(target, layers)
    assert {left.path: left.reason for left in take_out(target, layers, options=PARTIAL).left_out} == {
        b"null": "it is a device",
        b"zero": "it is a device",
        b"e": "the target of this hard link is not in the image",
        b"x": "the target of this hard link is not in the image",
    }


def test_a_selection_that_can_only_be_left_out_is_an_error(target: Path) -> None:
    with pytest.raises(LayerscopeError, match="/null is not written: it is a device"):
        take_out(target, [[device("null", 1, 3)]], ["/null"])
    assert not target.exists()


def test_a_hard_link_that_was_broken_by_a_later_layer_is_a_file_of_its_own(target: Path) -> None:
    take_out(target, [[file("a", b"old"), hardlink("b", "a")], [file("a", b"new")]])
    assert ((target / "a").read_text(), (target / "b").read_text()) == ("new", "old")


def test_a_sparse_file_stays_sparse(target: Path) -> None:
    take_out(target, [[sparse("s", 50_000_000, (1 << 20, b"x" * 512))]])
    found = (target / "s").stat()
    assert found.st_size == 50_000_000
    assert found.st_blocks * 512 < 1_000_000
    with (target / "s").open("rb") as opened:
        opened.seek(1048575)
        assert opened.read(2) == b"\0x"


def test_names_that_are_not_utf_8_keep_their_bytes(target: Path) -> None:
    take_out(target, [[file("caf\udce9/\udcff", b"x")]])
    assert os.listdir(os.fsencode(target)) == [b"caf\xe9"]  # noqa: PTH208  # bytes
    assert os.listdir(os.fsencode(target) + b"/caf\xe9") == [b"\xff"]  # noqa: PTH208  # bytes


# Attacks by an image.


def test_dots_and_absolute_names_stay_inside(target: Path) -> None:
    take_out(
        target, [[file("../outside/secret", b"bad"), file("/abs/f", b"x"), file("a/../../b", b"bad"), file("./c")]]
    )
    assert tree_of(target) == {"abs": "/", "abs/f": "x", "c": ""}


def test_a_file_below_a_symlink_is_written_into_a_folder_of_that_name(target: Path) -> None:
    outside = str(target.parent / "outside")
    take_out(target, [[symlink("d", outside), file("d/secret", b"bad"), symlink("r", "/"), file("r/etc/x", b"x")]])
    assert tree_of(target) == {"d": "/", "d/secret": "bad", "r": "/", "r/etc": "/", "r/etc/x": "x"}


def test_a_folder_that_a_later_layer_replaced_by_a_link_is_a_link(target: Path) -> None:
    outside = str(target.parent / "outside")
    layers = [[directory("d"), file("d/secret", b"bad")], [symlink("d", outside)]]
    take_out(target, layers)
    assert tree_of(target) == {"d": f"-> {outside}"}


def test_a_link_to_a_folder_outside_with_files_below_in_another_layer_is_never_followed(target: Path) -> None:
    outside = str(target.parent / "outside")
    take_out(target, [[symlink("d", outside)], [file("d/secret", b"bad"), opaque("d")]])
    assert tree_of(target) == {"d": "/", "d/secret": "bad"}


def test_symlinks_are_written_as_they_are_and_their_targets_never_touched(target: Path) -> None:
    secret = target.parent / "outside/secret"
    before = secret.stat()
    take_out(
        target,
        [[symlink("l", str(secret), mode=0o6777, mtime=3), hardlink("h", "l"), hardlink("o", "../outside/secret")]],
        options=ExtractionOptions(partial=True, xattrs=True),
    )
    assert tree_of(target) == {"l": f"-> {secret}", "h": f"-> {secret}"}
    after = secret.stat()
    assert (after.st_mode, after.st_mtime, after.st_nlink) == (before.st_mode, before.st_mtime, 1)
    assert (target / "l").lstat().st_mtime == 3


def test_an_existing_link_in_the_target_is_never_written_through(target: Path) -> None:
    target.mkdir()
    (target / "d").symlink_to(target.parent / "outside")
    for force in (False, True):
        with pytest.raises(LayerscopeError, match=r"a symlink is in the way at .*/d$"):
            take_out(target, [[file("d/secret", b"bad")]], options=ExtractionOptions(force=force))
    assert [path.name for path in target.iterdir()] == ["d"]


def test_force_replaces_a_link_and_not_its_target(target: Path) -> None:
    target.mkdir()
    (target / "f").symlink_to(target.parent / "outside/secret")
    with pytest.raises(LayerscopeError, match="already exists"):
        take_out(target, [[file("f", b"new")]])
    take_out(target, [[file("f", b"new")]], options=ExtractionOptions(force=True))
    assert tree_of(target) == {"f": "new"}


# Failures.


def test_files_are_only_overwritten_with_force(target: Path) -> None:
    (target / "etc").mkdir(parents=True)
    (target / "etc/hosts").write_text("mine")
    (target / "etc/other").write_text("mine too")
    layers = [
        [directory("etc", mode=0o700, mtime=1), file("etc/hosts", b"theirs"), file("etc/new", b"new"), file("a", b"a")]
    ]
    mode = _mode(target / "etc")
    with pytest.raises(FileInTheWay, match=r"etc/hosts already exists$"):
        take_out(target, layers)
    assert tree_of(target) == {"etc": "/", "etc/hosts": "mine", "etc/other": "mine too"}
    take_out(target, layers, options=ExtractionOptions(force=True))
    assert tree_of(target) == {"a": "a", "etc": "/", "etc/hosts": "theirs", "etc/new": "new", "etc/other": "mine too"}
    assert _mode(target / "etc") == mode


@pytest.mark.parametrize("force", [False, True])
def test_folders_and_files_never_replace_each_other(target: Path, *, force: bool) -> None:
    (target / "a").mkdir(parents=True)
    (target / "b").write_text("mine")
    options = ExtractionOptions(force=force)
    with pytest.raises(LayerscopeError, match=r"a folder is in the way at .*/a"):
        take_out(target, [[file("a", b"x")]], options=options)
    with pytest.raises(LayerscopeError, match=r"a file is in the way at .*/b"):
        take_out(target, [[file("b/x", b"x")]], options=options)
    with pytest.raises(LayerscopeError, match=r"a file is in the way at .*/b"):
        take_out(target, [[directory("b")]], options=options)
    assert tree_of(target) == {"a": "/", "b": "mine"}


def test_a_target_that_is_not_a_folder_is_an_error(target: Path) -> None:
    target.write_text("a file")
    with pytest.raises(LayerscopeError, match="target cannot be written to: Not a directory"):
        take_out(target, [[file("a")]])
    with pytest.raises(LayerscopeError, match="cannot be written to: Not a directory"):
        _into(target / "below")
    assert target.read_text() == "a file"
    target.unlink()


def _into(folder: Path) -> None:
    tar = oci_archive(folder.parent.parent / "image.tar", image(layer(file("a"))))
    with open_image(str(tar)) as session:
        extract(session.load(), [0], 1, str(folder))


def test_a_new_target_is_removed_after_a_failure(target: Path) -> None:
    with pytest.raises(LayerscopeError, match="too long"):
        take_out(target, [[file("a", b"x"), file("b" * 300, b"x")]])
    assert not target.exists()


def test_a_path_over_4095_bytes_is_an_error(target: Path) -> None:
    with pytest.raises(LayerscopeError, match="too long for the file system") as caught:
        take_out(target, [[file("/".join(["a" * 300] * 10), b"x")]])
    assert len(str(caught.value)) < 500
    assert not target.exists()


def test_a_very_deep_tree_is_removed_after_a_failure(target: Path) -> None:
    def stop(done: int, _total: int | None) -> None:
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        take_out(target, [[file("/".join(["d"] * 1100), b"deep")]], progress=stop)
    assert not target.exists()


@pytest.mark.parametrize("target_name", ["target/.", "target/new/../other/", "./target//x"])
def test_a_target_may_be_spelled_in_any_way(target: Path, monkeypatch: pytest.MonkeyPatch, target_name: str) -> None:
    monkeypatch.chdir(target.parent)
    tar = oci_archive(target.parent / "image.tar", image(layer(file("a", b"x"))))
    with open_image(str(tar)) as session:
        extract(session.load(), [0], 1, target_name)
    (found,) = target.rglob("a")
    assert found.read_bytes() == b"x"
    assert found.parent in {target, target / "other", target / "x"}


def test_a_path_is_found_through_a_link_that_hides_what_was_there(target: Path) -> None:
    layers = [
        [directory("bin"), file("bin/ls", b"old")],
        [whiteout("bin/ls"), symlink("bin", "usr/bin"), file("usr/bin/ls", b"new")],
    ]
    take_out(target, layers, ["/bin/ls"])
    assert (target / "usr/bin/ls").read_bytes() == b"new"
    take_out(target, layers, ["/bin/ls"], number=1)
    assert (target / "bin/ls").read_bytes() == b"old"


def test_a_deep_tree_is_written(target: Path) -> None:
    take_out(target, [[file("/".join(["d"] * 900), b"deep")]])
    path = target
    for _ in range(900):
        path = path / "d"
    assert path.read_text() == "deep"


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: what the system says is much like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_behind(target: Path) -> None:
    target.mkdir()
    (target / "mine").write_text("mine")
    tar = oci_archive(target.parent / "image.tar", image(layer(file("a", b"x"), file("d/b", BIG))))
    with (
        open_image(str(tar)) as session,
        largest_file(100_000),
        pytest.raises(LayerscopeError, match=r"not enough room in .*target for /d/b"),
    ):
        extract(session.load(), [0], 1, str(target))
    assert tree_of(target) == {"mine": "mine"}


def test_names_that_differ_only_in_case_are_an_error_on_such_a_file_system(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = set[bytes]()
    system = os.open

    def folding(name: bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_EXCL:
            if name.lower() in made:
                raise FileExistsError(errno.EEXIST, "File exists")
            made.add(name.lower())
        return system(name, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", folding)
    with pytest.raises(LayerscopeError, match=r"/readme cannot be written .* takes the name for another one"):
        take_out(target, [[file("README", b"x"), file("readme", b"y")]])
    assert not target.exists()


def test_content_that_cannot_be_read_leaves_nothing_behind(target: Path) -> None:
    tar = oci_archive(
        target.parent / "image.tar", image(layer(file("a", b"x"), file("b", BIG))), compression=Compression.GZIP
    )
    with open_image(str(tar)) as session:
        assert session.load().tree is not None
        data = bytearray(tar.read_bytes())
        at = session.image.layers[0].blob
        assert at is not None
        data[at.offset + at.size // 2 : at.offset + at.size // 2 + 4000] = bytes(4000)
        tar.write_bytes(data)
        with pytest.raises(
            LayerscopeError, match="/a cannot be read from layer 1: its file has changed since it was opened"
        ):
            extract(session.load(), [0], 1, str(target))
    assert not target.exists()


class Stopped(Exception):
    """Raised by a progress callback to end the extraction."""


def test_progress_is_reported_and_can_end_the_extraction(target: Path) -> None:
    reported: list[tuple[int, int | None]] = []
    take_out(target, [[file("a", BIG), file("b", b"xy")]], progress=lambda done, total: reported.append((done, total)))
    assert reported[0] == (0, 300_002)
    assert reported[-1] == (300_002, 300_002)
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)

    def stop(done: int, _total: int | None) -> None:
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        take_out(target, [[file("c/d", BIG)]], progress=stop)
    assert sorted(path.name for path in target.iterdir()) == ["a", "b"]


def _failing_once(at: int, function: Callable[..., None]) -> Callable[..., None]:
    calls = 0

    def call(*arguments: object, **options: object) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(errno.EIO, "Input/output error")
        function(*arguments, **options)

    return call


@pytest.mark.parametrize("moves", [1, 2, 3, 4, 5, 6])
def test_a_failure_while_files_move_into_place_puts_everything_back(
    target: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    (target / "d").mkdir(parents=True)
    (target / "d/f").write_text("mine")
    (target / "g").write_text("mine")
    layers = [[file("d/f", b"theirs"), file("d/new", b"x"), file("g", b"theirs"), file("h/i", b"x")]]
    monkeypatch.setattr(os, "rename", _failing_once(moves, os.rename))
    with pytest.raises(LayerscopeError, match="Input/output error"):
        take_out(target, layers, options=ExtractionOptions(force=True))
    assert tree_of(target) == {"d": "/", "d/f": "mine", "g": "mine"}
