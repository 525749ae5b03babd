"""Completion of command lines, in the shells themselves where they are installed."""

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from layerscope.cli import completion
from tests.builders import docker_archive, file, image, layer, oci_layout, symlink
from tests.cli.runner import launch

pytestmark = pytest.mark.thorough

_PATIENCE_SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with an archive the current one, and take the time that a look-up needs."""
    monkeypatch.setattr(completion, "_PATIENCE", _PATIENCE_SECONDS)
    monkeypatch.chdir(tmp_path)
    base = layer(file("etc/hosts", b""), file("etc/hostname", b""), file("srv/www/page.html", b""), file("gone", b""))
    odd = layer(symlink("web", "srv/www"), file("etc/ho$(id)", b""), file("etc/ho st", b""), file("etc/ho'`\\", b""))
    history = [{"created_by": "ADD base.tar /"}, {"created_by": "RUN echo $(id) `id` [b] 'x' \\$(id)"}]
    docker_archive(tmp_path / "app.tar", image(base, odd, tags=["app:v1"], history=history))
    (tmp_path / "apple.txt").write_text("no image")
    return tmp_path


def offered(kind: str, incomplete: str, **params: object) -> list[str]:
    return [value for value, _ in completion.completions(kind, params, incomplete)]


@pytest.mark.usefixtures("folder")
def test_archives_of_the_folder_are_offered(tmp_path: Path) -> None:
    assert offered("image", "app") == ["app.tar"]
    assert offered("image", f"{tmp_path}/app") == [f"{tmp_path}/app.tar"]
    assert offered("image", "no/such/folder/") == []


@pytest.mark.usefixtures("folder")
def test_paths_are_offered_folder_by_folder() -> None:
    assert offered("path", "/etc/host", reference="app.tar") == ["/etc/hostname", "/etc/hosts"]
    assert offered("path", "etc/hosts", reference="app.tar") == ["etc/hosts"]
    assert offered("path", "/s", reference="app.tar") == ["/srv/", "/srv/www/"]
    assert offered("path", "/web/p", reference="app.tar") == ["/web/page.html"], "through a link"
    assert offered("path", "/w", reference="app.tar", layer=1) == []
    assert offered("path", "/no/such", reference="app.tar") == []


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("reference", ["-", "no.tar", "apple.txt", "registry://host/name"])
def test_nothing_is_offered_of_an_image_that_is_not_at_hand(reference: str) -> None:
    assert offered("path", "/", reference=reference) == []
    assert offered("layer", "", reference=reference) == []


@pytest.mark.usefixtures("folder")
def test_layers_are_offered_with_their_instructions_and_nothing_that_a_shell_would_run() -> None:
    layers = dict(completion.completions("layer", {"reference": "app.tar"}, ""))
    assert layers == {"1": "ADD base.tar /", "2": "RUN echo id id b x id"}
    assert offered("path", "/etc/ho", reference="app.tar") == ["/etc/hostname", "/etc/hosts"]


def test_the_names_of_documents_are_offered() -> None:
    assert offered("document", "ca") == ["cache", "cache-removed"]


@pytest.mark.usefixtures("folder")
def test_a_look_up_that_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> None:
        Event().wait(_PATIENCE_SECONDS)
        pytest.fail("the look-up was not ended")

    monkeypatch.setattr(completion, "_PATIENCE", 0.5)
    monkeypatch.setattr(completion, "local_tags", silent)
    assert "app.tar" in offered("image", "app")


@pytest.mark.parametrize(
    ("words", "last", "expected"),
    [
        (["layerscope", "la"], 1, ["layers"]),
        (["layerscope", "my-app.tar", "--plat"], 2, ["--platform"]),
        (["layerscope", "tree", "x.tar", "--engine", "=", "po"], 5, ["podman"]),
        (["layerscope", "tree", "x.tar", "--engine", "="], 4, ["docker", "podman", "containerd"]),
        (["layerscope", "tree", "my-app", ":", "v1", "--dep", "x"], 5, ["--depth"]),
        (["layerscope", "my-"], 1, []),
        (["layerscope", "survey", "report", "--ht"], 3, ["--html"]),
        (["layerscope", "docker-plugin", ""], 2, ["install", "remove"]),
    ],
)
def test_bash_is_offered_what_replaces_its_last_word(words: list[str], last: int, expected: list[str]) -> None:
    joined = "\n".join(words)
    found = launch(_LAYERSCOPE_COMPLETE="complete_bash", COMP_WORDS=joined, COMP_CWORD=str(last))
    assert found.out.split() == expected


def test_a_command_of_two_words_is_not_offered_as_one() -> None:
    found = launch(_LAYERSCOPE_COMPLETE="complete_bash", COMP_WORDS="layerscope\nsurvey", COMP_CWORD="1")
    assert "report" not in found.out


def on_path(folder: Path) -> dict[str, str]:
    """Return an environment in which layerscope is a command; ``folder`` is to hold it."""
    program = folder / "bin" / "layerscope"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m layerscope "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "> "}


class Shell:
    """An interactive shell on a terminal."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._screen, own = pty.openpty()
        self._process = subprocess.Popen(
            command, stdin=own, stdout=own, stderr=own, env=on_path(folder), cwd=folder, start_new_session=True
        )
        os.close(own)

    def complete(self, line: str, expected: str) -> None:
        """Type a line and press Tab, again if layerscope took too long, until the shell has completed the line."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        written = b""
        while expected.encode() not in written:
            assert time.monotonic() < deadline, written
            # on a line of its own, because a shell draws only what differs from the line before
            os.write(self._screen, f"\x15\n{line}\t".encode())
            written = b""
            while expected.encode() not in written and select.select([self._screen], [], [], 2)[0]:
                written += os.read(self._screen, 65536).replace(b"\a", b"")
        os.write(self._screen, b"\x15")

    def run(self, line: str) -> None:
        os.write(self._screen, f"{line}\n".encode())

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._screen)


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_shell_completes_commands_images_layers_and_paths(name: str, folder: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"no {name} on this machine")
    oci_layout(folder / "tag:v1", image(layer(file("f", b""))))
    shell = Shell([name, *(("--norc", "--noprofile") if name == "bash" else ("-f",)), "-i"], folder)
    try:
        if name == "zsh":
            shell.run("autoload -Uz compinit && compinit -D -u")
        (folder / "completion").write_text(launch(_LAYERSCOPE_COMPLETE=f"source_{name}").out)
        shell.run(". ./completion")
        shell.complete("layerscope docker-", "docker-plugin ")
        shell.complete("layerscope app", "app.tar ")
        shell.complete("layerscope tag:", "tag:v1 ")
        shell.complete("layerscope cat app.tar /etc/hostn", "/etc/hostname ")
        shell.complete("layerscope cat app.tar /s", "/srv/")
        shell.complete("layerscope tree app.tar --engine=po", "podman ")
    finally:
        shell.end()


def test_fish_completes_commands_images_layers_and_paths(folder: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("no fish on this machine")
    (folder / "completion").write_text(launch(_LAYERSCOPE_COMPLETE="source_fish").out)

    def completed(line: str) -> list[str]:
        """Return what fish offers: layerscope may take too long at the first."""
        script = f"source completion; complete -C '{line}'"
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            done = subprocess.run(
                ["fish", "--no-config", "-c", script], env=on_path(folder), cwd=folder, capture_output=True, check=True
            )
            if done.stdout:
                return done.stdout.decode().splitlines()
        return []

    assert completed("layerscope docker-") == ["docker-plugin\tMake docker layerscope work, or remove it."]
    assert completed("layerscope app") == ["app.tar"]
    assert completed("layerscope tree app.tar --layer ") == ["1\tADD base.tar /", "2\tRUN echo id id b x id"]
    assert completed("layerscope cat app.tar /etc/host") == ["/etc/hostname", "/etc/hosts"]
