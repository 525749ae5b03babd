"""Answers that an earlier run has given."""

import json
from pathlib import Path

import pytest

from layerscope.cache.cache import Cache, RecordKind
from layerscope.session import answers
from layerscope.session.image_session import ImageSession
from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, sha256, whiteout, write_tar
from tests.cli.runner import ask

Capture = pytest.CaptureFixture[str]

BASE = layer(file("large", b"x" * 1_500_000), file("etc/\u00e4\udce4", b"odd"))
TOP = layer(whiteout("large"), file("etc/motd", b"hello"))

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "app.tar", image(BASE, TOP))


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "other.tar", image(BASE))


def forbid_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything fail that needs the files of an image."""
    monkeypatch.setattr(ImageSession, "load", None)


def kept(place: Path) -> int:
    heads = [entry.head for entry in Cache(place).entries()]
    return sum(head is not None and head.key.startswith(RecordKind.ANSWER) for head in heads)


@pytest.mark.parametrize("options", [["--json"], [], ["--all"], ["--json", "--base", "1"]])
def test_the_same_question_gets_the_same_answer_without_analysis(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, archive: Path, options: list[str]
) -> None:
    first = ask(capsys, "why", archive, *options)
    assert first.status == 0
    assert "large" in first.out
    forbid_analysis(monkeypatch)
    assert ask(capsys, "why", archive, *options) == first


def test_two_images_are_compared_once(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, archive: Path, other: Path
) -> None:
    questions: list[tuple[str | Path, ...]] = [(archive, other), (other, archive, "--json"), (archive, "1", "2")]
    first = [ask(capsys, "diff", *question) for question in questions]
    assert len({outcome.out for outcome in first}) == len(questions)
    forbid_analysis(monkeypatch)
    assert [ask(capsys, "diff", *question) for question in questions] == first


def test_each_option_is_another_question(capsys: Capture, archive: Path, own_cache: Path) -> None:
    options = [["--own"], ["--mtime"], ["--stat"], ["--patch"], ["--only", "added"], ["--path", "/etc"], ["--json"], []]
    answers = [ask(capsys, "diff", archive, "1", "2", *option).out for option in options]
    assert kept(own_cache) == len(options)
    assert [ask(capsys, "diff", archive, "1", "2", *option).out for option in options] == answers


def test_the_exit_code_is_found_anew(capsys: Capture, archive: Path) -> None:
    for _ in range(2):
        assert ask(capsys, "diff", archive, "1", "2", "--exit-code").status == 1


def test_an_answer_with_warnings_about_rows_is_given_anew(capsys: Capture, archive: Path, own_cache: Path) -> None:
    for _ in range(2):
        assert "no path on either side" in ask(capsys, "diff", archive, "1", "2", "--path", "/nothing").err
    assert kept(own_cache) == 0


def test_changed_code_is_asked_again(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, archive: Path, own_cache: Path
) -> None:
    assert ask(capsys, "why", archive).status == 0
    monkeypatch.setattr(answers, "_code", lambda: iter([("analysis.py", 1, 2)]))
    assert ask(capsys, "why", archive).status == 0
    assert kept(own_cache) == 2


def test_an_image_with_a_broken_layer_is_analysed_anew(capsys: Capture, tmp_path: Path, own_cache: Path) -> None:
    files = docker_files(image(BASE, TOP))
    files[blob_name(sha256(TOP))] = TOP[:700]
    broken = write_tar(tmp_path / "broken.tar", files)
    for _ in range(2):
        assert "cannot be read whole" in ask(capsys, "why", broken).err
    assert kept(own_cache) == 0


def test_nothing_is_kept_without_the_cache(capsys: Capture, archive: Path, own_cache: Path) -> None:
    expected = json.loads(ask(capsys, "why", archive, "--json", "--no-cache").out)
    assert not own_cache.exists()
    assert json.loads(ask(capsys, "why", archive, "--json").out) == expected
