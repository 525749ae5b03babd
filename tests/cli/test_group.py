"""``layerscope IMAGE`` without a command's name, with options in any order."""

from pathlib import Path

import pytest

from layerscope import __version__
from tests.builders import docker_archive, file, image, layer
from tests.cli.runner import MY_APP, PLATFORMS, ask, launch

TABLE = "my-app:v1 · linux/amd64 · 275 kB in 6 layers"

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "arguments",
    [
        (MY_APP,),
        ("--image", "v1", MY_APP),
        ("--image=v1", MY_APP),
        (MY_APP, "--image", "my-app:v1"),
        (MY_APP, "--platform", "linux/amd64"),
        ("--platform", "linux/amd64", MY_APP, "--image", "v1"),
        ("layers", MY_APP, "--image", "v1"),
        ("--image", "v1", "layers", MY_APP),
        ("--", MY_APP),
    ],
)
def test_options_may_come_in_any_order(capsys: Capture, arguments: tuple[str | Path, ...]) -> None:
    outcome = ask(capsys, *arguments)
    assert outcome.status == 0
    assert outcome.out.startswith(TABLE)
    assert outcome.err == ""


def test_an_archive_on_standard_input() -> None:
    with MY_APP.open("rb") as archive:
        outcome = launch("-", stdin=archive)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(TABLE)


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64", "linux/arm/v7"])
def test_a_platform_of_several(capsys: Capture, platform: str) -> None:
    outcome = ask(capsys, PLATFORMS, "--platform", platform)
    assert outcome.status == 0
    assert f" · {platform} · " in outcome.out


def test_a_command_wins_over_a_file_of_its_name(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_archive(tmp_path / "layers", image(layer(file("a")), tags=["a:1"]))
    monkeypatch.chdir(tmp_path)
    assert ask(capsys, "layers").complaint == "missing argument 'IMAGE' (see layerscope layers --help)"
    assert ask(capsys, "./layers").out.startswith("a:1")
    assert ask(capsys, "--", "layers").out.startswith("a:1")
    assert ask(capsys, "layers", "layers").out.startswith("a:1")


def test_the_default_commands_name_can_be_an_image(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_archive(tmp_path / "open", image(layer(file("a")), tags=["a:1"]))
    monkeypatch.chdir(tmp_path)
    assert ask(capsys, "open").out.startswith("a:1")


def test_a_file_wins_over_a_reference(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_archive(tmp_path / "my-app", image(layer(file("a")), tags=["a:1"]))
    monkeypatch.chdir(tmp_path)
    assert ask(capsys, "my-app").out.startswith("a:1")


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), (MY_APP, "--help"), ("--json", "--help")])
def test_help_shows_examples_options_and_commands(capsys: Capture, arguments: tuple[str, ...]) -> None:
    outcome = ask(capsys, *arguments)
    assert (outcome.status, outcome.err) == (0, "")
    for text in (
        "layerscope [OPTIONS] IMAGE",
        "--image TAG",
        "--platform OS/ARCH",
        "--debug FILE",
        "--version",
        "docker save my-app:v1 | layerscope -",
        "  layers ",
        "  tree ",
        "  build ",
        "  images ",
    ):
        assert text in outcome.out
    assert "\x1b" not in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_each_command_has_help_of_its_own(capsys: Capture) -> None:
    assert "--only CHANGES" in ask(capsys, "tree", "--help").out
    layers = ask(capsys, "layers", "-h").out
    assert layers.startswith("Usage: layerscope layers [OPTIONS] IMAGE\n")
    assert "layerscope layers my-app.tar" in layers
    assert all("by default all" in ask(capsys, command, "-h").out for command in ("images", "containers"))
    assert ask(capsys, "diff", "-h").out.startswith("Usage: layerscope diff [OPTIONS] IMAGE {A B|A..B|IMAGE}\n")


@pytest.mark.parametrize("arguments", [("--version",), (MY_APP, "--version")])
def test_the_version_is_printed(capsys: Capture, arguments: tuple[str, ...]) -> None:
    assert ask(capsys, *arguments).out == f"layerscope {__version__}\n"


def test_without_arguments_the_help_is_printed_and_the_status_is_2(capsys: Capture) -> None:
    outcome = ask(capsys)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: layerscope")
