"""``layerscope cat``: the bytes of one file, and what a terminal is spared."""

import os
import subprocess
from pathlib import Path

import pytest

from layerscope.model.image import Compression
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
    sparse,
    symlink,
    whiteout,
)
from tests.cli.pty_run import OnTerminal
from tests.cli.runner import COMMAND, ask, launch, start

Capture = pytest.CaptureFixture[str]

BINARY = bytes(range(256)) * 3000

RECIPE = image(
    layer(
        directory("etc"),
        file("etc/hosts", b"old\n"),
        file("etc/secret", b"key"),
        file("usr/bin/dash", BINARY),
        symlink("usr/bin/sh", "dash"),
        symlink("bin", "/usr/bin"),
        symlink("out", "../../../../etc/hosts"),
        symlink("nowhere", "/no/such"),
        symlink("round", "round"),
        hardlink("usr/twin", "usr/bin/dash"),
        hardlink("usr/lost", "usr/none"),
        hardlink("usr/bin/again", "usr/bin/sh"),
        hardlink("pipe-again", "pipe"),
        fifo("pipe"),
        device("null", 1, 3),
        file("empty"),
    ),
    layer(file("etc/hosts", b"new\n"), whiteout("etc/secret")),
)


@pytest.fixture(params=list(Compression))
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return oci_archive(tmp_path / "image.tar", RECIPE, compression=request.param)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "plain.tar", RECIPE)


def bytes_of(*arguments: str | Path) -> bytes:
    done = subprocess.run([*COMMAND, "cat", *map(str, arguments)], capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


def test_the_bytes_are_those_of_the_image(path: Path) -> None:
    assert bytes_of(path, "/usr/bin/dash") == BINARY


def test_a_file_is_printed_as_it_was_after_a_layer(plain: Path) -> None:
    assert bytes_of(plain, "/etc/hosts") == b"new\n"
    assert bytes_of(plain, "etc/hosts", "--layer", "1") == b"old\n"
    assert bytes_of(plain, "/etc/secret", "--layer", "1") == b"key"
    assert bytes_of(plain, "/empty") == b""


def test_links_are_followed_inside_the_image(plain: Path) -> None:
    assert bytes_of(plain, "/bin/sh") == bytes_of(plain, "/usr/twin") == bytes_of(plain, "/bin/again") == BINARY
    assert bytes_of(plain, "/out") == b"new\n"


NO_FILE = {
    "/etc/secret": "/etc/secret does not exist after layer 2: layer 1 holds it",
    "/bin/../etc/secret": "is in no layer of the image",
    "/etc/nope": "/etc/nope is in no layer of the image",
    "/etc": "/etc is a directory, and has no content: layerscope tree lists it, layerscope extract writes it",
    "/": "/ is a directory",
    "/pipe": "/pipe is a named pipe, and has no content",
    "/pipe-again": "/pipe-again is a named pipe, and has no content",
    "/null": "/null is a character device, and has no content",
    "/nowhere": "/nowhere is a symlink to /no/such, and leads nowhere after layer 2",
    "/round": "/round is a symlink to round, and leads nowhere after layer 2",
    "/usr/lost": "/usr/lost is a hard link whose target is not in the image",
}


@pytest.mark.parametrize("wanted", NO_FILE)
def test_a_path_without_content_is_an_error(capsys: Capture, plain: Path, wanted: str) -> None:
    assert NO_FILE[wanted] in ask(capsys, "cat", plain, wanted).complaint


def test_a_missing_layer_is_an_error(capsys: Capture, plain: Path) -> None:
    assert "has no layer 3: it has 2 layers" in ask(capsys, "cat", plain, "/etc/hosts", "--layer", "3").complaint


def test_the_holes_of_a_sparse_file_are_printed_as_zeros(tmp_path: Path) -> None:
    entry = sparse("s", 700_000, (600_000, b"abc"))
    found = bytes_of(docker_archive(tmp_path / "a.tar", image(layer(entry))), "s")
    assert found == bytes(600_000) + b"abc" + bytes(99_997)


def test_a_layer_that_breaks_off_is_an_error_that_names_the_path(tmp_path: Path) -> None:
    path = oci_archive(tmp_path / "a.tar", image(layer(file("a", os.urandom(400_000)))))
    broken = bytearray(path.read_bytes())
    broken[100_000:100_100] = bytes(100)
    path.write_bytes(broken)
    outcome = launch("cat", path, "/a")
    assert outcome.status == 2
    assert "cannot be read whole" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_closed_pipe_ends_cat_silently(plain: Path) -> None:
    with start("cat", plain, "/usr/bin/dash", stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


# on a terminal


@pytest.fixture
def text(tmp_path: Path) -> Path:
    content = {
        "text": b"tab\there \x1b[2Jred\n",
        "dos": b"one\r\ntwo\r\n",
        "latin": b"caf\xe9 and more of it\n",
        "utf16": "wide ünd so\n".encode("utf-16"),
        "long": ("ü" * 199_999 + "the end\n").encode(),
    }
    return docker_archive(tmp_path / "text.tar", image(layer(*(file(name, data) for name, data in content.items()))))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("text", "here \\x1b[2Jred\r\n"),
        ("dos", "one\r\ntwo\r\n"),
        ("latin", "café and more of it\r\n"),
        ("utf16", "wide ünd so\r\n"),
        ("long", "üüthe end\r\n"),
    ],
)
def test_a_text_is_shown_with_its_controls_as_escapes(text: Path, name: str, shown: str) -> None:
    with OnTerminal("cat", text, name) as printing:
        assert printing.status() == 0
        assert printing.written.decode().endswith(shown)


def test_binary_data_is_not_sent_to_a_terminal(plain: Path) -> None:
    with OnTerminal("cat", plain, "/usr/bin/dash") as printing:
        assert printing.status() == 2
    assert printing.written.decode() == (
        "layerscope: /usr/bin/dash is binary, and stdout is a terminal: redirect it (> FILE) or pipe it (| xxd)\r\n"
    )
