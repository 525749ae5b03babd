"""``layerscope extract``: what is written, what is told, how it ends."""

import os
import signal
import stat
import time
from pathlib import Path

import pytest

from tests.builders import (
    blob_name,
    device,
    directory,
    docker_archive,
    docker_files,
    file,
    hardlink,
    image,
    layer,
    oci_archive,
    sha256,
    symlink,
    whiteout,
    write_tar,
)
from tests.cli.pty_run import OnTerminal
from tests.cli.runner import ask, start

Capture = pytest.CaptureFixture[str]

RECIPE = image(
    layer(
        directory("etc"),
        file("etc/hosts", b"old"),
        file("etc/gone", b"gone"),
        file("usr/bin/su", b"s", mode=0o4755),
        symlink("bin", "usr/bin"),
        device("dev/null", 1, 3),
        device("dev/zero", 1, 5),
    ),
    layer(file("etc/hosts", b"new"), whiteout("etc/gone")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "image.tar", RECIPE)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_path_keeps_its_folders_below_the_target(capsys: Capture, path: Path, tmp_path: Path) -> None:
    outcome = ask(capsys, "extract", path, "/etc/hosts", "--to", tmp_path / "out")
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == f"wrote 1 file (3 B) to {tmp_path / 'out'}\n"
    assert (tmp_path / "out/etc/hosts").read_bytes() == b"new"


def test_the_whole_image_is_a_slash(capsys: Capture, path: Path, tmp_path: Path) -> None:
    outcome = ask(capsys, "extract", path, "/", "--to", tmp_path / "out")
    assert outcome.status == 0
    assert outcome.err.splitlines() == [
        "warning: left out /dev/null: it is a device (and 1 more path for that reason)",
        f"wrote 2 files, 4 folders and 1 link (4 B) to {tmp_path / 'out'}",
    ]
    assert names(tmp_path / "out") == ["bin", "dev", "etc", "etc/hosts", "usr", "usr/bin", "usr/bin/su"]
    assert stat.S_IMODE((tmp_path / "out/usr/bin/su").stat().st_mode) == 0o755


def test_an_earlier_layer_has_files_that_were_hidden_later(capsys: Capture, path: Path, tmp_path: Path) -> None:
    assert ask(capsys, "extract", path, "/etc", "--layer", "1", "--to", tmp_path / "out").status == 0
    assert names(tmp_path / "out") == ["etc", "etc/gone", "etc/hosts"]
    assert (tmp_path / "out/etc/hosts").read_bytes() == b"old"


def test_a_path_through_a_link_is_written_where_it_is(capsys: Capture, path: Path, tmp_path: Path) -> None:
    assert ask(capsys, "extract", path, "/bin/su", "--setuid", "--to", tmp_path / "out").status == 0
    assert names(tmp_path / "out") == ["usr", "usr/bin", "usr/bin/su"]
    assert stat.S_IMODE((tmp_path / "out/usr/bin/su").stat().st_mode) == 0o4755


def test_nothing_is_replaced_without_force(capsys: Capture, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    command = ("extract", path, "/etc/hosts", "--to", target)
    assert ask(capsys, *command).status == 0
    (target / "etc/hosts").write_text("mine")
    assert ask(capsys, *command).complaint == (
        f"{target}/etc/hosts already exists: use --force to replace it, or another folder"
    )
    assert (target / "etc/hosts").read_text() == "mine"
    assert ask(capsys, *command, "--force").status == 0
    assert (target / "etc/hosts").read_text() == "new"


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root")
def test_root_can_restore_devices_and_owners(capsys: Capture, tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "a.tar", image(layer(device("null", 1, 3), file("f", uid=12, gid=34))))
    assert ask(capsys, "extract", path, "/", "--to", tmp_path / "out", "--devices", "--owner").status == 0
    assert (tmp_path / "out/null").is_char_device()
    assert ((tmp_path / "out/f").stat().st_uid, (tmp_path / "out/f").stat().st_gid) == (12, 34)


WRONG_USAGE = {
    ("/etc/gone", "--to", "out"): "/etc/gone does not exist after layer 2: layer 1 holds it",
    ("/nope", "--to", "out"): "/nope is in no layer of the image",
    ("/etc/hosts", "/nope", "--to", "out"): "/nope is in no layer of the image",
    ("/etc", "--to", "out", "--layer", "9"): "has no layer 9: it has 2 layers",
    ("/etc",): "missing option '--to'",
    ("--to", "out"): "missing argument",
    ("/etc", "--to", ""): "--to takes a folder, not nothing",
    ("", "--to", "out"): "a path is empty: write / for all",
    ("/etc", "--to", "image.tar"): "image.tar cannot be written to: Not a directory",
}


@pytest.mark.parametrize("arguments", WRONG_USAGE)
def test_wrong_usage_of_extract_writes_nothing(
    capsys: Capture, path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(path.parent)
    assert WRONG_USAGE[arguments] in ask(capsys, "extract", path.name, *arguments).complaint
    assert names(path.parent) == ["image.tar"]


def without_layer(folder: Path, number: int) -> Path:
    layers = [layer(file(name, b"1")) for name in "abc"]
    files = docker_files(image(*layers))
    del files[blob_name(sha256(layers[number - 1]))]
    return write_tar(folder / "a.tar", files)


@pytest.mark.parametrize(("number", "path"), [(1, "/"), (2, "/"), (3, "/"), (2, "/a"), (3, "/b")])
def test_an_incomplete_image_is_only_extracted_on_request(
    capsys: Capture, tmp_path: Path, number: int, path: str
) -> None:
    archive, target = without_layer(tmp_path, number), tmp_path / "out"
    outcome = ask(capsys, "extract", archive, path, "--to", target)
    assert (outcome.status, target.exists()) == (2, False)
    assert outcome.err.startswith(f"warning: layer {number}: cannot be read whole: ")
    assert f"layer {number} could not be read whole: use --partial" in outcome.err
    outcome = ask(capsys, "extract", archive, path, "--to", target, "--partial")
    assert (outcome.status, target.is_dir()) == (0, True)


def test_a_file_that_a_broken_layer_cuts_is_left_out_of_a_partial_extraction(capsys: Capture, tmp_path: Path) -> None:
    cut = layer(file("a", b"1"), file("b", bytes(9000)), hardlink("c", "b"))[:3000]
    archive, target = docker_archive(tmp_path / "a.tar", image(cut)), tmp_path / "out"
    outcome = ask(capsys, "extract", archive, "/", "--to", target, "--partial")
    assert (outcome.status, names(target)) == (0, ["a"])
    assert outcome.err.splitlines()[1:] == [
        "warning: left out /b: the layer ends before this content does",
        f"wrote 1 file (1 B) to {target}",
    ]
    outcome = ask(capsys, "extract", archive, "/b", "--to", tmp_path / "none", "--partial")
    assert outcome.status == 2
    assert outcome.err.endswith("layerscope: /b is not written: the layer ends before this content does\n")
    assert not (tmp_path / "none").exists()


def test_a_hard_link_into_a_missing_layer_is_left_out_of_a_partial_extraction(capsys: Capture, tmp_path: Path) -> None:
    base, top = layer(file("a", b"1")), layer(file("b", b"1"), hardlink("c", "a"))
    files = docker_files(image(base, top))
    whole = write_tar(tmp_path / "whole.tar", docker_files(image(top)))
    del files[blob_name(sha256(base))]
    archive, target = write_tar(tmp_path / "a.tar", files), tmp_path / "out"
    outcome = ask(capsys, "extract", archive, "/", "--to", target, "--partial")
    assert (outcome.status, names(target)) == (0, ["b"])
    assert "warning: left out /c: the target of this hard link is not in the image\n" in outcome.err
    outcome = ask(capsys, "extract", whole, "/", "--to", tmp_path / "other", "--partial")
    assert (outcome.status, names(tmp_path / "other")) == (0, ["b"])


@pytest.mark.parametrize(("number", "path"), [(1, "/b"), (1, "/c"), (2, "/c")])
def test_a_file_that_no_unread_layer_can_have_changed_is_extracted(
    capsys: Capture, tmp_path: Path, number: int, path: str
) -> None:
    archive, target = without_layer(tmp_path, number), tmp_path / "out"
    assert ask(capsys, "extract", archive, path, "--to", target).status == 0
    assert (target / path[1:]).read_bytes() == b"1"


def test_an_earlier_layer_does_not_depend_on_later_ones(capsys: Capture, tmp_path: Path) -> None:
    archive = without_layer(tmp_path, 3)
    assert ask(capsys, "extract", archive, "/", "--layer", "2", "--to", tmp_path / "out").status == 0


def test_a_dangling_hard_link_is_an_error_that_writes_nothing(capsys: Capture, tmp_path: Path) -> None:
    archive = docker_archive(tmp_path / "a.tar", image(layer(file("a", b"1"), hardlink("b", "missing"))))
    outcome = ask(capsys, "extract", archive, "/", "--to", tmp_path / "out")
    assert outcome.complaint == (
        "/b cannot be written: the target of this hard link is not in the image: use --partial to write the rest"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [(), ("--xattrs",)])
def test_xattrs_that_are_left_out_are_counted(capsys: Capture, tmp_path: Path, options: tuple[str, ...]) -> None:
    records = {"SCHILY.xattr.trusted.overlay.opaque": "y"}
    entries = [file(name, records=records) for name in "abc"]
    archive = docker_archive(tmp_path / "a.tar", image(layer(*entries)))
    outcome = ask(capsys, "extract", archive, "/", "--to", tmp_path / "out", *options)
    assert outcome.status == 0
    assert outcome.err.splitlines()[0] == (
        "warning: left out xattr trusted.overlay.opaque of /a: it belongs to the system that the image was built on"
        " (and 2 more paths for that reason)"
        if options
        else "warning: left out the xattrs of 3 paths: use --xattrs to restore xattrs, ACLs and capabilities"
    )


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "a.tar", image(layer(file("a", bytes(1000)))))
    with OnTerminal("extract", path, "/a", "--to", tmp_path / "out") as writing:
        assert writing.status() == 0
    assert b"writing to" in writing.written
    assert b"wrote 1 file (1.0 kB) to" in writing.written


@pytest.mark.parametrize(("sent", "status", "is_there"), [(signal.SIGINT, 130, False), (signal.SIGTERM, 143, True)])
def test_an_interrupted_extraction_leaves_the_folder_as_it_was(
    tmp_path: Path, sent: signal.Signals, status: int, *, is_there: bool
) -> None:
    path = oci_archive(tmp_path / "a.tar", image(layer(*(file(f"d/{number}", b"x") for number in range(20_000)))))
    target = tmp_path / "out"
    if is_there:
        (target / "d").mkdir(parents=True)
        (target / "d/mine").write_text("mine")
    before = names(target)
    process = start("extract", path, "/", "--to", target, stdout=-1, stderr=-1)
    deadline = time.monotonic() + 120
    while not list(target.glob(".layerscope-*/new/d/1")):
        assert time.monotonic() < deadline
        assert process.poll() is None
    # the second one comes while the first is seen to
    process.send_signal(sent)
    process.send_signal(sent)
    assert process.communicate(timeout=120) == (b"", b"")
    assert process.returncode == status
    assert names(target) == before
    assert target.exists() is is_there
