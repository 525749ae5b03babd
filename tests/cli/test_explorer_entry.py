"""The way from the command line to the explorer: on a real terminal, from its start to its end."""

import signal
from pathlib import Path

import pytest

from tests.builders import docker_archive, file, image, layer
from tests.cli.pty_run import OnTerminal
from tests.cli.runner import MY_APP, PLATFORMS
from tests.samples import SAMPLES

pytestmark = pytest.mark.thorough


def test_an_archive_opens_in_the_explorer() -> None:
    with OnTerminal(MY_APP) as explorer:
        explorer.wait_for("Layers")
        explorer.wait_for("ADD rootfs.tar")
        explorer.press("q")
        assert explorer.status() == 0
        assert explorer.is_as_before


def test_without_arguments_it_offers_what_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_archive(tmp_path / "app.tar", image(layer(file("a")), tags=["app:1"]))
    monkeypatch.chdir(tmp_path)
    with OnTerminal() as start:
        start.wait_for("app.tar")
        start.press("\r")
        start.wait_for("COPY layer-1")
        start.press("q")
        assert start.status() == 0
        assert start.is_as_before


def test_an_image_that_no_engine_has_is_one_sentence_on_a_terminal(tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/none.sock"
    with OnTerminal("no-such-image:v1", DOCKER_HOST=nowhere, CONTAINER_HOST=nowhere) as explorer:
        assert explorer.status() == 2
    assert explorer.written.startswith(b"layerscope: no file or folder is named no-such-image:v1, and no ")
    assert explorer.written.count(b"\n") == 1


def test_a_terminal_without_cursor_addressing_gets_the_table() -> None:
    with OnTerminal(MY_APP, TERM="dumb") as printing:
        assert printing.status() == 0
    assert b"RUN apt-get update" in printing.written
    assert b"\x1b[?1049h" not in printing.written
    with OnTerminal(TERM="dumb") as usage:
        assert usage.status() == 2
    assert b"Usage: layerscope" in usage.written


def test_ctrl_z_suspends_it_and_it_goes_on_where_it_was() -> None:
    with OnTerminal(MY_APP) as explorer:
        explorer.wait_for("56 %")
        explorer.press("\x1a")
        explorer.wait_until_stopped()
        assert explorer.is_as_before, "the shell has the terminal back"
        explorer.written = b""
        explorer.send(signal.SIGCONT)
        explorer.wait_for("my-app:v1")
        explorer.press("q")
        assert explorer.status() == 0
        assert explorer.is_as_before


def test_keys_come_from_the_terminal_while_the_archive_is_on_stdin(tmp_path: Path) -> None:
    with MY_APP.open("rb") as archive, OnTerminal("-", stdin=archive, TMPDIR=str(tmp_path)) as explorer:
        explorer.wait_for("ADD rootfs.tar")
        explorer.press("q")
        assert explorer.status() == 0
        assert explorer.is_as_before
    assert list(tmp_path.iterdir()) == []


def test_it_draws_on_the_terminal_if_stderr_is_redirected(tmp_path: Path) -> None:
    with (tmp_path / "errors").open("wb") as errors, OnTerminal(MY_APP, stderr=errors) as explorer:
        explorer.wait_for("ADD rootfs.tar")
        explorer.press("q")
        assert explorer.status() == 0
    assert (tmp_path / "errors").read_bytes() == b""


def test_without_a_terminal_for_keys_it_is_an_error() -> None:
    with MY_APP.open("rb") as archive, OnTerminal("-", stdin=archive, controlling=False) as explorer:
        assert explorer.status() == 2
    assert b"layerscope: there is no terminal to read keys from (/dev/tty: " in explorer.written
    assert b"Traceback" not in explorer.written


def test_several_images_are_offered_to_choose_from(tmp_path: Path) -> None:
    recipes = [image(layer(file(name)), tags=[f"{name}:1"]) for name in ("first", "second")]
    with OnTerminal(docker_archive(tmp_path / "two.tar", *recipes)) as explorer:
        explorer.wait_for("second:1")
        explorer.press("\r")
        explorer.wait_for("COPY layer-1")
        explorer.press("q")
        assert explorer.status() == 0


def test_a_given_platform_needs_no_choice() -> None:
    with OnTerminal(PLATFORMS, "--platform", "linux/arm64") as explorer:
        explorer.wait_for("linux/arm64")
        explorer.press("q")
        assert explorer.status() == 0


def test_a_document_is_also_printed_on_a_terminal() -> None:
    with OnTerminal(MY_APP, "--json") as printing:
        assert printing.status() == 0
        assert b'"schema_version": 2' in printing.written


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_a_signal_ends_it_with_the_terminal_as_before_and_nothing_left(
    tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    with MY_APP.open("rb") as archive, OnTerminal("-", stdin=archive, TMPDIR=str(tmp_path)) as explorer:
        explorer.wait_for("ADD rootfs.tar")
        explorer.send(sent)
        assert explorer.status() == status
        assert explorer.is_as_before
    assert list(tmp_path.iterdir()) == []


_MOMENTS = [(0.2 + 0.17 * moment, moment % 2 == 1) for moment in range(7)]
"""Seconds after the start, while it imports, opens, lays out its screen, and shows it; every other one with a pipe."""


@pytest.mark.parametrize(("moment", "takes_stdin"), _MOMENTS)
def test_closing_the_terminal_at_any_moment_of_the_start_ends_it(
    tmp_path: Path, moment: float, *, takes_stdin: bool
) -> None:
    with MY_APP.open("rb") as archive:
        argument, stdin = ("-", archive) if takes_stdin else (MY_APP, None)
        with OnTerminal(argument, stdin=stdin, TMPDIR=str(tmp_path)) as explorer:
            explorer.read_for(moment)
            explorer.close_terminal()
            # on a slow machine the signal comes before it is handled; a shell gives 129 for that as well
            assert explorer.wait(10) in {129, -signal.SIGHUP}
    assert list(tmp_path.iterdir()) == []


def test_a_signal_ends_it_on_a_terminal_that_takes_no_output(tmp_path: Path) -> None:
    with MY_APP.open("rb") as archive, OnTerminal("-", stdin=archive, TMPDIR=str(tmp_path)) as explorer:
        explorer.wait_for("Layers")
        # each key draws the screen again, until the terminal's buffer is full
        explorer.press("2345" * 60)
        explorer.send(signal.SIGTERM)
        assert explorer.wait(10) == 143
    assert list(tmp_path.iterdir()) == []


def test_an_image_of_many_layers_opens(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "many.tar", image(*[layer(file("a", b"1"))] * 600))
    with OnTerminal(path) as explorer:
        explorer.wait_for("600 B in 600 layers")
        explorer.press("q")
        assert explorer.status() == 0


def test_a_reader_process_that_dies_ends_the_explorer_with_an_error(tmp_path: Path) -> None:
    # the process reads PYTHONPATH; the explorer itself has started without it
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'layerscope.session.reading.reader_process' in sys.orig_argv: os._exit(7)"
    )
    with OnTerminal(MY_APP, PYTHONPATH=str(tmp_path)) as explorer:
        explorer.wait_for("ended early (status 7)")
        explorer.press("q")
        assert explorer.status() == 2
    assert b"layerscope: the process that reads the layers ended early (status 7)" in explorer.written


def test_an_image_that_cannot_be_opened_is_a_sentence_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with OnTerminal(tmp_path / "text") as failing:
        assert failing.status() == 2
    assert failing.written.decode() == f"layerscope: {tmp_path / 'text'} is a text file, not an image\r\n"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [([MY_APP, "1", "3"], "layer 1 to layer 3"), ([MY_APP, SAMPLES / "my-app-v2.tar"], "files shown -66 B")],
    ids=["layers", "images"],
)
def test_a_comparison_opens_in_the_explorer(arguments: list[str | Path], shown: str) -> None:
    with OnTerminal("diff", *arguments) as explorer:
        explorer.wait_for(shown)
        explorer.press("q")
        assert explorer.status() == 0
        assert explorer.is_as_before


def open_nginx_conf(explorer: OnTerminal) -> None:
    explorer.wait_for("56 %")
    explorer.press("\t/nginx.conf")
    explorer.wait_for("1 match")
    explorer.press("\r\r")
    explorer.wait_for("text/hex")


@pytest.mark.parametrize("arguments", [[MY_APP], ["diff", MY_APP, SAMPLES / "my-app-v2.tar"]], ids=["image", "images"])
def test_keys_typed_during_the_start_are_processed(arguments: list[str | Path]) -> None:
    with OnTerminal(*arguments) as explorer:
        explorer.press("\tZ/no-such-name")
        explorer.wait_for("Nothing matches.")
        explorer.press("\tq")
        assert explorer.status() == 0
        assert explorer.is_as_before


def test_a_copy_of_a_file_opens_in_the_pager_and_is_removed_after_it(tmp_path: Path) -> None:
    temporary, target = tmp_path / "temporary", tmp_path / "target"
    temporary.mkdir()
    target.mkdir()
    with OnTerminal(MY_APP, PAGER=f"cp -v -t {target}", TMPDIR=str(temporary)) as explorer:
        open_nginx_conf(explorer)
        explorer.press("P")
        explorer.wait_for(f"-> '{target}/nginx.conf'")
        explorer.press("q")
        assert explorer.status() == 0
        assert explorer.is_as_before
    assert (target / "nginx.conf").read_bytes()
    assert list(temporary.iterdir()) == []


def test_a_missing_pager_is_reported() -> None:
    with OnTerminal(MY_APP, PAGER="no-such-pager") as explorer:
        open_nginx_conf(explorer)
        explorer.press("P")
        explorer.wait_for("no-such-pager cannot be started")
        explorer.press("q")
        assert explorer.status() == 0


def test_ctrl_c_is_left_to_the_program_that_has_the_terminal(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\ntrap 'echo interrupted; exit 0' INT\necho paging\nwhile :; do sleep 0.1; done\n")
    pager.chmod(0o755)
    with OnTerminal(MY_APP, PAGER=str(pager)) as explorer:
        open_nginx_conf(explorer)
        explorer.press("P")
        explorer.wait_for("paging")
        explorer.press("\x03")
        explorer.wait_for("interrupted")
        explorer.press("q")
        assert explorer.status() == 0
        assert explorer.is_as_before
