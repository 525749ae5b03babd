"""Another image of an open source, and the same image opened again."""

from pathlib import Path

import pytest

from layerscope.errors import UsageError
from layerscope.model.progress import no_progress
from layerscope.session.open import open_image, reopened
from tests.builders import docker_archive, file, image, layer
from tests.samples import SAMPLES


def test_another_platform_of_the_source_is_opened_in_place_of_the_first() -> None:
    with open_image(str(SAMPLES / "platforms.oci.tar"), platform="linux/arm64") as first:
        platforms = [str(choice.platform) for choice in first.choices]
        assert "linux/amd64" in platforms
        switched = first.switched_to(first.choices[platforms.index("linux/amd64")])
    with switched:
        assert str(switched.image.platform) == "linux/amd64"
        assert switched.tallies.layers, "its layers can be read although the first session is closed"


def test_an_image_is_opened_again_as_it_is_now(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "app.tar", image(layer(file("old")), tags=["app:1"]))
    with open_image(str(path)) as before:
        docker_archive(path, image(layer(file("new")), layer(file("more")), tags=["app:1"]))
        with reopened(before, no_progress) as after:
            assert (len(before.image.layers), len(after.image.layers)) == (1, 2)


def test_of_several_images_the_same_one_is_opened_again(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "two.tar", *(image(layer(file(name)), tags=[f"{name}:1"]) for name in ("a", "b")))
    with open_image(str(path), "b:1") as before, reopened(before, no_progress) as after:
        assert after.image.tags == ("b:1",)


def test_standard_input_is_read_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with (SAMPLES / "my-app.tar").open() as archive:
        monkeypatch.setattr("sys.stdin", archive)
        with open_image("-") as session, pytest.raises(UsageError, match="standard input can be read only once"):
            reopened(session, no_progress)
