"""``layerscope packages``: the packages, and what each layer did to them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import attested_files, file, image, layer, oci_archive, whiteout, write_tar
from tests.cli.runner import MY_APP, ask
from tests.samples import SAMPLES

Capture = pytest.CaptureFixture[str]


def document(capsys: Capture, *arguments: str | Path) -> Any:
    outcome = ask(capsys, "packages", *arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = json.loads(outcome.out)
    assert found["schema_version"] == 2
    return found


def module(version: str) -> bytes:
    return json.dumps({"name": "left-pad", "version": version}).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = "srv/node_modules/left-pad"
    old = layer(file(f"{folder}/package.json", module("1.0.0")), file(f"{folder}/index.js", b"x" * 500))
    new = layer(file(f"{folder}/package.json", module("1.10.0")), file(f"{folder}/index.js", b"y" * 600))
    gone = layer(whiteout("srv/node_modules"))
    return oci_archive(tmp_path / "image.tar", image(old, new, gone))


def test_each_package_has_its_size_and_the_layer_that_brought_it(capsys: Capture) -> None:
    found = document(capsys, MY_APP)
    by_name = {package["name"]: package for package in found["packages"]}
    nginx = by_name["nginx"]
    assert (nginx["manager"], nginx["version"], nginx["layer"]) == ("dpkg", "1.26.0-1", 3)
    assert nginx["files"] == 12
    assert {package["layer"] for name, package in by_name.items() if name != "nginx"} == {1}
    assert (found["layer"], found["sbom"], found["unread"]) == (6, None, [])
    removed = [event for event in found["events"] if event["change"] == "removed"]
    assert [(event["layer"], event["name"], event["before"], event["after"]) for event in removed] == [
        (3, "mini-httpd", "1.30-12", None)
    ]
    assert removed[0]["instruction"].startswith("RUN apt-get install")
    assert removed[0]["dead_size"] > 0


@pytest.mark.parametrize("name", ["my-app-v2.tar", "my-app-v2.oci.tar", "my-app-v2-zstd"])
def test_every_form_of_an_image_has_the_same_packages(capsys: Capture, name: str) -> None:
    assert document(capsys, SAMPLES / name) == document(capsys, SAMPLES / "my-app-v2.tar")


def test_packages_are_those_after_the_layer_with_the_events_up_to_it(capsys: Capture, path: Path) -> None:
    first, second, last = (document(capsys, path, "--layer", number) for number in "123")
    assert [package["version"] for package in first["packages"]] == ["1.0.0"]
    assert first["packages"][0]["size"] == len(module("1.0.0")) + 500
    assert [event["change"] for event in first["events"]] == ["added"]
    assert [(package["version"], package["layer"]) for package in second["packages"]] == [("1.10.0", 2)]
    assert last["packages"] == []
    assert [(event["change"], event["dead_size"]) for event in last["events"]] == [
        ("added", 0),
        ("upgraded", len(module("1.0.0")) + 500),
        ("removed", len(module("1.10.0")) + 600),
    ]


def test_the_tables_list_packages_then_what_was_replaced_then_the_layers(capsys: Capture, path: Path) -> None:
    outcome = ask(capsys, "packages", path)
    assert (outcome.status, outcome.err) == (0, "")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert lines[0] == "0 packages after layer 3, 0 B"
    assert "2 540 B npm ↑ left-pad 1.0.0 → 1.10.0" in lines
    assert "3 641 B npm - left-pad 1.10.0" in lines
    assert lines[lines.index("Layers") + 1].split()[:5] == ["layer", "+", "↑", "-", "dead"]


def test_why_has_the_layer_of_each_package_and_all_events_if_asked(capsys: Capture, path: Path) -> None:
    plain, full = (json.loads(ask(capsys, "why", path, *more, "--json").out) for more in ([], ["--packages"]))
    assert "package_events" not in plain
    assert full["package_events"] == document(capsys, path)["events"]
    found = document(capsys, MY_APP)
    assert json.loads(ask(capsys, "why", MY_APP, "--json").out)["by_package"] == found["packages"]
    lines = ask(capsys, "why", path, "--packages").out
    assert lines.endswith(ask(capsys, "packages", path).out)


def test_an_sbom_is_joined_with_what_only_it_names_and_what_it_lacks(capsys: Capture, tmp_path: Path) -> None:
    status = "".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1\n\n" for name in ("curl", "nginx"))
    recipe = image(layer(file("var/lib/dpkg/status", status.encode())))
    urls = ("pkg:deb/debian/nginx@2", "pkg:deb/debian/bash@5", "pkg:golang/x@1")
    components = [{"type": "library", "name": "x", "version": "1", "purl": url} for url in urls]
    files = attested_files(recipe, "https://cyclonedx.org/bom", {"components": components})
    path = write_tar(tmp_path / "app.tar", files)
    found = document(capsys, path)["sbom"]
    assert found["format"] == "cyclonedx"
    assert [(each["name"], each["version"]) for each in found["only_named"]] == [("bash", "5"), ("nginx", "2")]
    assert [(each["name"], each["version"]) for each in found["only_seen"]] == [("curl", "1"), ("nginx", "1")]
    assert found["not_compared"] == {"golang": 1}
    assert "SBOM: 0 of 3 packages found in the image" in ask(capsys, "packages", path).out


def test_an_unknown_layer_ends_in_2(capsys: Capture) -> None:
    outcome = ask(capsys, "packages", MY_APP, "--layer", "7")
    assert (outcome.status, outcome.out) == (2, "")
    assert "has no layer 7" in outcome.err


def test_a_database_that_is_not_read_is_named(capsys: Capture, tmp_path: Path) -> None:
    path = oci_archive(tmp_path / "image.tar", image(layer(file("var/lib/rpm/Packages", b"x"))))
    assert document(capsys, path)["unread"] == ["/var/lib/rpm/Packages"]
    assert "Not read: /var/lib/rpm/Packages." in ask(capsys, "packages", path).out
