"""``layerscope why``: the command, its options and what bad input gets."""

import json
from pathlib import Path

import pytest

from tests.builders import blob_name, docker_archive, docker_files, image, sha256, write_tar
from tests.cli.runner import ask
from tests.heavy import BASE, CLEAN, HEAVY

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def heavy(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "heavy.tar", HEAVY)


def test_it_prints_tables_for_people(capsys: Capture, heavy: Path) -> None:
    outcome = ask(capsys, "why", heavy)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("heavy:1 · ")


def test_it_prints_a_document_for_programs(capsys: Capture, heavy: Path) -> None:
    outcome = ask(capsys, "why", heavy, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    assert json.loads(outcome.out)["total_size"] == 18_165


def test_the_base_is_a_number_of_layers_or_an_image(capsys: Capture, heavy: Path, tmp_path: Path) -> None:
    numbered = json.loads(ask(capsys, "why", heavy, "--json", "--base", "1").out)
    assert (numbered["base"]["layers"], numbered["base"]["content_size"]) == (1, 8_035)
    base = docker_archive(tmp_path / "base.tar", image(BASE, tags=["base:1"]))
    named = json.loads(ask(capsys, "why", heavy, "--json", "--base", base).out)
    assert (named["base"]["layers"], named["base"]["name"]) == (1, str(base))


def test_an_image_that_is_not_the_base_is_an_error(capsys: Capture, heavy: Path, tmp_path: Path) -> None:
    other = docker_archive(tmp_path / "other.tar", CLEAN)
    assert "is not the base of this image" in ask(capsys, "why", heavy, "--base", other).complaint
    assert "3 layers" in ask(capsys, "why", heavy, "--base", "4").complaint
    assert "3 layers" in ask(capsys, "why", heavy, "--base", "9" * 5000).complaint


def test_an_unreadable_layer_gives_a_warning(capsys: Capture, tmp_path: Path) -> None:
    files = docker_files(HEAVY)
    del files[blob_name(sha256(HEAVY.layers[1]))]
    outcome = ask(capsys, "why", write_tar(tmp_path / "broken.tar", files))
    assert outcome.status == 0
    assert "warning: layer 2" in outcome.err
    assert "unknown" in outcome.out
