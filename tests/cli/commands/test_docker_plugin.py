"""The plug-in of the Docker CLI, asked as docker asks it; tests/engines has the real docker."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from layerscope import __version__
from layerscope.cli import docker_plugin
from layerscope.errors import UsageError
from tests.cli.runner import MY_APP, ask, launch, start

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the plug-in in a configuration folder that does not exist yet."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker's"))
    return tmp_path / "docker's" / "cli-plugins" / "docker-layerscope"


def test_the_installed_plug_in_says_what_it_is_and_runs_commands(plugin: Path, capsys: Capture, tmp_path: Path) -> None:
    assert ask(capsys, "docker-plugin", "install").out == f"wrote {plugin}: try docker layerscope\n"
    (tmp_path / "layerscope").mkdir()
    (tmp_path / "layerscope" / "__init__.py").write_text("raise SystemExit('another program')")

    def run(*line: str) -> bytes:
        return subprocess.run([plugin, *line], cwd=tmp_path, capture_output=True, check=True).stdout

    assert json.loads(run("docker-cli-plugin-metadata")) == {
        "SchemaVersion": "0.1.0",
        "Vendor": "layerscope",
        "Version": __version__,
        "ShortDescription": "Explore an image layer by layer",
    }
    assert run("layerscope", "layers", str(MY_APP)) == launch("layers", MY_APP).out.encode()
    assert run("help", "layerscope", "layers").startswith(b"Usage: docker layerscope layers [OPTIONS] IMAGE")


def test_a_dry_run_shows_the_plug_in_and_writes_nothing(plugin: Path, capsys: Capture) -> None:
    shown = ask(capsys, "docker-plugin", "install", "--dry-run").out
    assert shown.startswith(f"would write {plugin}:\n#!/bin/sh\n")
    assert not plugin.parent.exists()
    ask(capsys, "docker-plugin", "install")
    assert shown.endswith(f"{plugin.read_text()}\n")
    assert ask(capsys, "docker-plugin", "remove", "--dry-run").out == f"would remove {plugin}\n"
    assert plugin.exists()


def test_the_plug_in_is_replaced_and_removed_with_nothing_beside_it(plugin: Path, capsys: Capture) -> None:
    for _ in range(2):
        assert ask(capsys, "docker-plugin", "install").status == 0
        assert os.listdir(plugin.parent) == [plugin.name]  # noqa: PTH208  # names, hidden ones too
    assert ask(capsys, "docker-plugin", "remove").out == f"removed {plugin}\n"
    assert ask(capsys, "docker-plugin", "remove").out == f"{plugin} is not installed\n"


@pytest.mark.parametrize("action", ["install", "remove"])
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_a_foreign_file_is_never_touched(plugin: Path, capsys: Capture, action: str, kind: str) -> None:
    plugin.parent.mkdir(parents=True)
    other = plugin.with_name("other")
    if kind == "file":
        plugin.write_bytes(b"\x7fELF")
    elif kind == "folder":
        plugin.mkdir()
    else:
        other.write_text(docker_plugin.plugin_script("python"))
        plugin.symlink_to(other)
    complaint = ask(capsys, "docker-plugin", action).complaint
    assert complaint == f"{plugin} was not written by layerscope: move it away first"
    assert plugin.is_symlink() or plugin.is_dir() or plugin.read_bytes() == b"\x7fELF"


def test_a_folder_that_cannot_be_made_is_a_sentence(plugin: Path, capsys: Capture) -> None:
    plugin.parent.parent.write_text("")
    assert "Not a directory" in ask(capsys, "docker-plugin", "install").complaint


def test_the_metadata_need_no_other_module_of_layerscope() -> None:
    asked = "import sys; sys.argv[1:] = ['docker-plugin', 'run', 'docker-cli-plugin-metadata']\n"
    program = f"{asked}from layerscope.__main__ import main; main(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in modules if name.startswith("layerscope")} == {"layerscope", "layerscope.__main__"}
    assert not {"socket", "typer", "re", "signal"} & set(modules[modules.index("}") :])


@pytest.mark.parametrize(
    ("line", "arguments", "changed"),
    [
        (["layerscope", "my-app:v1"], ["my-app:v1"], {}),
        (["layerscope", "--context", "x"], ["--context", "x"], {}),
        (["-c", "layerscope", "layerscope"], [], {"DOCKER_CONTEXT": "layerscope", "DOCKER_HOST": None}),
        (["--context=x", "-D", "layerscope", "x"], ["x"], {"DOCKER_CONTEXT": "x", "DOCKER_HOST": None}),
        (["-c=default", "layerscope"], [], {"DOCKER_CONTEXT": "default"}),
        (["-Htcp://a:1", "--log-level", "info", "layerscope"], [], {"DOCKER_HOST": "tcp://a:1"}),
        (["--config", "/c", "--tls", "layerscope"], [], {"DOCKER_CONFIG": "/c", "DOCKER_CERT_PATH": "/c"}),
        (["--tlsverify", "layerscope"], [], {"DOCKER_CERT_PATH": "/certificates", "DOCKER_TLS_VERIFY": "1"}),
        (["help", "layerscope", "why"], ["why", "--help"], {}),
        (["--help", "layerscope"], ["--help"], {}),
    ],
)  # fmt: skip
def test_options_of_docker_say_which_engine_is_meant(
    monkeypatch: pytest.MonkeyPatch, line: list[str], arguments: list[str], changed: dict[str, str | None]
) -> None:
    before = {"DOCKER_HOST": "unix:///no/docker.sock"}
    if "--tlsverify" in line:
        before["DOCKER_CERT_PATH"] = "/certificates"
    monkeypatch.setattr(os, "environ", dict(before))
    assert docker_plugin.arguments_of(line) == arguments
    assert os.environ == {name: value for name, value in {**before, **changed}.items() if value is not None}


@pytest.mark.parametrize("line", [[], ["my-app.tar"], ["--tlscacert", "ca.pem", "layerscope"]])
def test_a_line_that_is_not_understood_is_refused(line: list[str]) -> None:
    with pytest.raises(UsageError, match="docker"):
        docker_plugin.arguments_of(line)


def test_completion_answers_as_cobra_does() -> None:
    def offered(*words: str) -> list[str]:
        return launch("docker-plugin", "run", "__complete", "layerscope", *words).out.splitlines()

    assert offered("lay") == ["layers\tList the layers: size, changes, instruction.", ":4"]
    assert "--json\tPrint a JSON document." in offered("layers", "--")
    assert offered("layers", "no-such-") == [":0"], "so that the shell offers files"


@pytest.mark.skipif(sys.platform != "linux", reason="an abstract address")
def test_the_run_ends_when_docker_closes_its_socket() -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("")
        listening.listen()
        address = "@" + listening.getsockname()[1:].decode()
        reading, writing = os.pipe()
        line = ("docker-plugin", "run", "layerscope", "-")
        with start(*line, stdin=reading, facts={"DOCKER_CLI_PLUGIN_SOCKET": address}) as process:
            connection, _ = listening.accept()
            assert process.poll() is None
            connection.close()
            assert process.wait(30) == 128 + signal.SIGTERM
        os.close(reading)
        os.close(writing)
