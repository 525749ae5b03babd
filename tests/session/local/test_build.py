"""A build passes arguments, files and the exit status through; a script stands in for the builder."""

import sys
from pathlib import Path

import pytest

from layerscope.model.build_report import BuildReport
from layerscope.session.local.build import build

DIGEST = f"sha256:{'a' * 64}"
SCRIPT = """#!{python}
import json, os, pathlib, signal, sys
arguments = sys.argv[1:]
if arguments == ["buildx", "version"]:
    print({version!r})
    sys.exit(0 if {version!r} else 1)
pathlib.Path("arguments").write_text("\\n".join(arguments))
for name, text in (("--metadata-file", json.dumps({{"containerimage.digest": "{digest}"}})), ("--iidfile", "{digest}")):
    if name in arguments:
        pathlib.Path(arguments[arguments.index(name) + 1]).write_text(text)
print("result")
if "killed" in arguments:
    os.kill(os.getpid(), signal.SIGTERM)
sys.exit(17 if "bad" in arguments else 0)
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, version: str) -> None:
    command = folder / name
    command.write_text(SCRIPT.format(python=sys.executable, version=version, digest=DIGEST))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("DOCKER_BUILDKIT", raising=False)
    monkeypatch.chdir(folder)


@pytest.fixture
def buildkit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "docker", "github.com/docker/buildx 0.13.1")


@pytest.fixture(params=["docker", "podman"])
def classic(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(request.param)
    install(tmp_path, monkeypatch, name, "buildah 1.39")
    return name


def given() -> list[str]:
    return Path("arguments").read_text().splitlines()


@pytest.mark.usefixtures("buildkit")
def test_buildkit_states_the_image_in_its_metadata() -> None:
    assert build(["-t", "app", "."]) == BuildReport("docker", 0, f"docker://{DIGEST}")
    command, added, _, *arguments = given()
    assert (command, added, arguments) == ("build", "--metadata-file", ["-t", "app", "."])


def test_another_builder_states_the_image_in_a_file(classic: str) -> None:
    assert build(["."]) == BuildReport(classic, 0, f"{classic}://{DIGEST}")
    assert given()[1] == "--iidfile"


@pytest.mark.usefixtures("buildkit")
def test_buildkit_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    assert build(["."]).reference == f"docker://{DIGEST}"
    assert given()[1] == "--iidfile"


@pytest.mark.usefixtures("buildkit")
@pytest.mark.parametrize("option", ["--iidfile", "--metadata-file"])
def test_the_users_own_file_is_read_and_not_replaced(option: str) -> None:
    assert build([option, "mine", "."]).reference == f"docker://{DIGEST}"
    assert given() == ["build", option, "mine", "."]
    assert DIGEST in Path("mine").read_text()


def test_another_builder_with_an_output_gets_no_option(classic: str) -> None:
    assert build(["-o", "out", "."]) == BuildReport(classic, 0)
    assert given() == ["build", "-o", "out", "."]


@pytest.mark.usefixtures("buildkit")
def test_an_archive_that_was_written_is_opened() -> None:
    assert build(["-o", "type=oci,dest=out.tar", "."]).reference == "out.tar"
    assert build(["-o", "type=local,dest=out", "."]).reference is None
    assert build(["-o", "type=image", "."]).reference == f"docker://{DIGEST}"


@pytest.mark.usefixtures("buildkit")
def test_a_result_on_stdout_stays_there(capfd: pytest.CaptureFixture[str]) -> None:
    build(["-o", "-", "."])
    assert capfd.readouterr() == ("result\n", "")
    build(["."])
    assert capfd.readouterr() == ("", "result\n")


def test_the_exit_status_is_the_builders(classic: str) -> None:
    assert build(["bad"]) == BuildReport(classic, 17)
    assert build(["killed"]) == BuildReport(classic, 128 + 15)


@pytest.mark.usefixtures("buildkit")
def test_help_is_passed_through(capfd: pytest.CaptureFixture[str]) -> None:
    assert build(["--help"]).reference is None
    assert given() == ["build", "--help"]
    assert capfd.readouterr().out == "result\n"
