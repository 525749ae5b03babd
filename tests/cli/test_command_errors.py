"""Bad input and wrong usage: one sentence, status 2, no traceback, nothing on standard output."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.cli.errors import ExitStatus, error_lines, exit_status
from layerscope.errors import InvalidLayer, UsageError
from tests.builders import OciStore, docker_archive, docker_files, file, image, layer, oci_archive, to_json, write_tar
from tests.cli.runner import MY_APP, PLATFORMS, ask

Capture = pytest.CaptureFixture[str]

RECIPE = image(layer(file("a", b"1")), tags=["a:1"])


def docker_bytes(tmp_path: Path) -> bytes:
    return docker_archive(tmp_path / "whole.tar", RECIPE).read_bytes()


BAD_BYTES: dict[str, Callable[[Path], bytes]] = {
    "is empty": lambda _: b"",
    "is a text file, not an image": lambda _: b"hello\n",
    "is not an image: it is not a tar": lambda _: bytes(range(256)) * 4,
    "is a tar archive but not an image": lambda _: layer(file("readme")),
    "truncated or broken": lambda folder: gzip.compress(docker_bytes(folder))[:-300],
}


@pytest.mark.parametrize("cause", BAD_BYTES)
@pytest.mark.parametrize("command", [[], ["layers"], ["tree"]])
def test_bytes_that_are_not_an_image(capsys: Capture, tmp_path: Path, cause: str, command: list[str]) -> None:
    path = tmp_path / "bad.tar"
    path.write_bytes(BAD_BYTES[cause](tmp_path))
    complaint = ask(capsys, *command, path).complaint
    assert str(path) in complaint
    assert cause in complaint


BAD_DOCUMENTS = {
    "wrong JSON": b"[{",
    "wrong types": to_json([{"Config": 3, "Layers": "x"}]),
    "an evil digest": to_json([{"Config": "../../etc/passwd", "Layers": []}]),
    "nested without end": b"[" * 100_000,
}


@pytest.mark.parametrize("kind", BAD_DOCUMENTS)
def test_documents_that_cannot_be_read(capsys: Capture, tmp_path: Path, kind: str) -> None:
    path = write_tar(tmp_path / "bad.tar", docker_files(RECIPE) | {"manifest.json": BAD_DOCUMENTS[kind]})
    assert str(path) in ask(capsys, "layers", path).complaint


def test_a_digest_that_leads_out_of_the_archive(capsys: Capture, tmp_path: Path) -> None:
    store = OciStore()
    descriptor = store.image(RECIPE) | {"digest": "sha256:../../../../etc/passwd"}
    complaint = ask(capsys, write_tar(tmp_path / "bad.tar", store.files([descriptor]))).complaint
    assert "is not a sha256 digest" in complaint or "is not a digest" in complaint


def test_an_unknown_name_is_an_error(capsys: Capture) -> None:
    assert ask(capsys, "no-such-image.tar").complaint.startswith("no file or folder is named no-such-image.tar, and ")
    assert ask(capsys, "./no-such.tar").complaint == "no file or folder is named ./no-such.tar"
    assert ask(capsys, "").complaint == "the name of the image is empty"
    assert ask(capsys, "\x1b[2J\n").complaint == "no file or folder is named \\x1b[2J\\n"


def test_several_images_are_listed_one_per_line(capsys: Capture, tmp_path: Path) -> None:
    recipes = [image(layer(file(name)), tags=[f"{name}:1"]) for name in ("one", "two")]
    outcome = ask(capsys, docker_archive(tmp_path / "two.tar", *recipes))
    assert (outcome.status, outcome.out) == (2, "")
    first, *choices = outcome.err.splitlines()
    assert first == (f"layerscope: {tmp_path / 'two.tar'} holds 2 images; say which one with --image or --platform:")
    assert [choice.split()[0] for choice in choices] == ["one:1", "two:1"]
    assert ask(capsys, tmp_path / "two.tar", "--image", "two:1").status == 0


def test_a_missing_platform_is_an_error_that_lists_the_others(capsys: Capture) -> None:
    complaint = ask(capsys, PLATFORMS, "--platform", "linux/s390x").complaint
    assert "for linux/s390x" in complaint
    assert "linux/arm64" in complaint


WRONG_USAGE = {
    ("tree", MY_APP, "--layer", "99"): "has no layer 99: it has 6 layers",
    ("tree", MY_APP, "--layer", "0"): "has no layer 0",
    ("tree", MY_APP, "--layer", "x"): "'--layer'",
    ("tree", MY_APP, "--only", "foo"): "--only takes a comma list of added, modified, removed, unchanged, not foo",
    ("tree", MY_APP, "--only", ""): "not nothing",
    ("tree", MY_APP, "--depth", "0"): "'--depth'",
    ("tree", MY_APP, "--sort", "date"): "'name', 'size'",
    ("tree", "--foo", MY_APP): "no such option: --foo (see layerscope tree --help)",
    ("--foo", MY_APP): "no such option: --foo (see layerscope --help)",
    ("layers",): "missing argument 'IMAGE' (see layerscope layers --help)",
    ("--json",): "missing argument 'IMAGE' (see layerscope --help)",
    ("layers", MY_APP, MY_APP): "unexpected extra argument",
    ("layer", MY_APP): "there is no command layer: did you mean layers?",
    ("--image",): "'--image' requires an argument",
    (MY_APP, "--image", "other"): "holds no image other; it holds my-app:v1",
    (MY_APP, "--debug", "/no/such/folder/log"): "cannot write the log /no/such/folder/log",
    ("images",): "no container engine answers",
}


@pytest.mark.parametrize("arguments", WRONG_USAGE)
def test_wrong_usage_is_one_sentence(capsys: Capture, arguments: tuple[str, ...]) -> None:
    assert WRONG_USAGE[arguments] in ask(capsys, *arguments).complaint


def test_a_file_that_vanishes_is_named(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanish(_reference: str, **_options: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", str(tmp_path / "gone"))

    monkeypatch.setattr("layerscope.session.open.open_source", vanish)
    assert ask(capsys, "image.tar").complaint == f"{tmp_path / 'gone'}: No such file or directory"


def test_an_internal_error_is_a_sentence_and_its_traceback_goes_to_the_log(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_reference: str, **_options: object) -> None:
        raise ValueError("what is this")

    monkeypatch.setattr("layerscope.session.open.open_source", fail)
    complaint = ask(capsys, "image.tar", "--debug", tmp_path / "log").complaint
    assert "internal error, please report it" in complaint
    assert "ValueError: what is this" in complaint
    assert "Traceback" in (tmp_path / "log").read_text()


def test_the_log_is_written_only_on_request(capsys: Capture, tmp_path: Path) -> None:
    assert ask(capsys, "layers", oci_archive(tmp_path / "a.tar", RECIPE), "--debug", tmp_path / "log").status == 0
    log = (tmp_path / "log").read_text()
    assert "opened a:1, 1 layers, from oci-archive" in log
    ask(capsys, "layers", tmp_path / "a.tar")
    assert (tmp_path / "log").read_text() == log


def test_a_command_line_that_is_wrong_writes_no_log(capsys: Capture, tmp_path: Path) -> None:
    assert "missing argument" in ask(capsys, "--debug", tmp_path / "log").complaint
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("x"), 2),
        (InvalidLayer("x"), 2),
        (OSError("x"), 2),
        (ValueError("x"), 2),
        (MemoryError(), 2),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 0),
    ],
)
def test_the_table_of_exit_statuses(error: BaseException, status: int) -> None:
    assert exit_status(error) == status == ExitStatus(status)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "layerscope: cannot write the output: No space left on device"),
        (PermissionError(13, "Permission denied", "a\x1bb"), "layerscope: a\\x1bb: Permission denied"),
        (MemoryError(), "layerscope: not enough memory"),
        (ImportError("x.so: failed to map"), "layerscope: a part of layerscope cannot be loaded: x.so: failed to map"),
        (UsageError("two\nlines \x1b[2J"), "layerscope: two lines \\x1b[2J"),
    ],
)
def test_errors_are_one_safe_line(error: Exception, sentence: str) -> None:
    assert error_lines(error) == [sentence]
