"""A build passes arguments, files and the exit status through; a script stands in for the builder."""

import json
import sys
from pathlib import Path

import pytest

from layerscope.errors import EngineUnavailable, UsageError
from layerscope.session.local.build import run_build

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


def built(*arguments: str) -> tuple[str, int, str | None]:
    run = run_build(arguments)
    return run.builder, run.exit_status, next(iter(run.references), None)


@pytest.mark.usefixtures("buildkit")
def test_buildkit_states_the_image_in_its_metadata() -> None:
    assert built("-t", "app", ".") == ("docker", 0, f"docker://{DIGEST}")
    command, added, _, *arguments = given()
    assert (command, added, arguments) == ("build", "--metadata-file", ["-t", "app", "."])


def test_another_builder_states_the_image_in_a_file(classic: str) -> None:
    assert built(".") == (classic, 0, f"{classic}://{DIGEST}")
    assert given()[1] == "--iidfile"


@pytest.mark.usefixtures("buildkit")
def test_buildkit_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    assert built(".")[2] == f"docker://{DIGEST}"
    assert given()[1] == "--iidfile"


@pytest.mark.usefixtures("buildkit")
def test_the_users_own_metadata_is_read_and_not_replaced() -> None:
    assert built("--metadata-file", "mine", ".")[2] == f"docker://{DIGEST}"
    assert given() == ["build", "--metadata-file", "mine", "."]
    assert DIGEST in Path("mine").read_text()


def test_the_users_own_file_for_the_id_is_read_and_not_replaced(classic: str) -> None:
    assert built("--iidfile", "mine", ".")[2] == f"{classic}://{DIGEST}"
    assert given() == ["build", "--iidfile", "mine", "."]
    assert DIGEST in Path("mine").read_text()


@pytest.mark.usefixtures("buildkit")
def test_the_manifest_and_the_config_are_tried_as_ids_of_the_image() -> None:
    config = f"sha256:{'c' * 64}"
    metadata = {"containerimage.digest": DIGEST, "containerimage.config.digest": config}
    Path("mine").write_text(json.dumps(metadata))
    run = run_build(["--metadata-file=mine", "."])
    assert run.references == (f"docker://{DIGEST}", f"docker://{config}")


def test_another_builder_with_an_output_gets_no_option(classic: str) -> None:
    assert built("-o", "out", ".") == (classic, 0, None)
    assert given() == ["build", "-o", "out", "."]


def test_a_build_for_several_platforms_gets_no_file_for_one_id(classic: str) -> None:
    assert built("--platform", "linux/amd64,linux/arm64", ".") == (classic, 0, None)
    assert given() == ["build", "--platform", "linux/amd64,linux/arm64", "."]


@pytest.mark.usefixtures("buildkit")
def test_an_archive_that_was_written_is_the_result() -> None:
    assert built("-o", "type=oci,dest=out.tar", ".")[2] == "out.tar"
    assert built("-o", "type=local,dest=out", ".")[2] is None
    assert built("-o", "type=image", ".")[2] == f"docker://{DIGEST}"
    assert built("--push", ".")[2] is None


@pytest.mark.usefixtures("buildkit")
@pytest.mark.parametrize("arguments", [["."], ["-o", "-", "."], ["--help"]])
def test_stdout_is_the_builders(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    run_build(arguments)
    assert capfd.readouterr() == ("result\n", "")


def test_the_exit_status_is_the_builders(classic: str) -> None:
    assert built("bad") == (classic, 17, None)
    assert built("killed") == (classic, 128 + 15, None)


@pytest.mark.usefixtures("buildkit")
def test_help_is_passed_through() -> None:
    assert built("--help")[2] is None
    assert given() == ["build", "--help"]


def test_a_quiet_buildah_prints_the_id_and_its_image_is_opened_by_the_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "buildah", "")
    assert built("-q", "-t", "app", ".") == ("buildah", 0, "podman://app")
    assert given() == ["build", "-q", "-t", "app", "."]
    assert built("-q", ".")[2] is None


def test_a_builder_is_chosen_by_name_or_by_its_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("docker", "podman", "buildah"):
        install(tmp_path, monkeypatch, name, "")
    assert run_build(["."]).builder == "docker"
    assert run_build(["."], "buildah").references == (f"podman://{DIGEST}",)
    assert run_build(["."]).note is None
    (tmp_path / "docker").write_text("#!/bin/sh\necho 'Cannot connect' >&2\nexit 1\n")
    run = run_build(["."])
    assert (run.builder, run.note) == ("podman", "podman builds, because docker does not answer: Cannot connect")
    with pytest.raises(UsageError, match="takes docker, podman, buildah, not kaniko"):
        run_build(["."], "kaniko")


def test_a_builder_that_is_missing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="none of docker, podman, buildah is installed"):
        run_build(["."])
    with pytest.raises(EngineUnavailable, match="buildah is not installed"):
        run_build(["."], "buildah")
