"""``layerscope why``: the command, its options and what bad input gets."""

import json
from pathlib import Path

import pytest

from tests.builders import (
    attested_files,
    blob_name,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    sha256,
    write_tar,
)
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


STATUS = b"\n".join(
    b"Package: %b\nStatus: install ok installed\nVersion: %b\n" % package
    for package in ((b"nginx", b"1"), (b"curl", b"8"))
)


def with_sbom(path: Path, *urls: str) -> Path:
    packages = [{"externalRefs": [{"referenceType": "purl", "referenceLocator": url}]} for url in urls]
    recipe = image(layer(file("var/lib/dpkg/status", STATUS)))
    return write_tar(path, attested_files(recipe, "https://spdx.dev/Document", {"packages": packages}))


def test_an_sbom_is_compared_with_the_packages_of_the_image(capsys: Capture, tmp_path: Path) -> None:
    path = with_sbom(tmp_path / "app.tar", "pkg:deb/debian/nginx@1", "pkg:deb/debian/bash@5", "pkg:golang/x@1")
    assert json.loads(ask(capsys, "why", path, "--json").out)["sbom"] == {
        "packages": 3,
        "matched": 1,
        "differences": [
            {"manager": "dpkg", "name": "bash", "sbom_version": "5", "image_version": None},
            {"manager": "dpkg", "name": "curl", "sbom_version": None, "image_version": "8"},
        ],
        "not_compared": {"golang": 1},
    }
    out = ask(capsys, "why", path).out
    assert (
        "SBOM: 1 of 3 packages found in the image, 1 not found, 1 of type golang not looked for,"
        " 1 package of the image not listed.\n"
    ) in out
    assert ["dpkg", "curl", "no", "8"] in [line.split() for line in out.splitlines()]


@pytest.mark.parametrize("format_", ["html", "md", "csv"])
def test_every_report_has_the_differences_between_sbom_and_image(capsys: Capture, tmp_path: Path, format_: str) -> None:
    path, report = with_sbom(tmp_path / "app.tar", "pkg:deb/debian/b%3Cash@5"), tmp_path / f"report.{format_}"
    assert ask(capsys, "report", path, "-o", report).status == 0
    text = report.read_text()
    name = {"html": "b&lt;ash", "md": "b\\<ash", "csv": "b<ash"}[format_]
    assert name in text


def test_an_archive_with_another_sbom_gets_an_answer_of_its_own(capsys: Capture, tmp_path: Path) -> None:
    answers = [
        json.loads(ask(capsys, "why", with_sbom(tmp_path / f"{number}.tar", *urls), "--json").out)["sbom"]["packages"]
        for number, urls in enumerate([["pkg:deb/debian/nginx@1"], [], ["pkg:deb/x@1", "pkg:deb/y@1"]])
    ]
    assert answers == [1, 0, 2]


def test_a_broken_sbom_is_a_warning(capsys: Capture, tmp_path: Path) -> None:
    files = attested_files(image(layer(file("a"))), "https://spdx.dev/Document", {"packages": 5})
    outcome = ask(capsys, "why", write_tar(tmp_path / "app.tar", files), "--json")
    assert (outcome.status, json.loads(outcome.out)["sbom"]) == (0, None)
    assert outcome.err.startswith("warning: an attestation was ignored: ")
