"""Pictures of the explorer; the README shows some of them."""

from pathlib import Path

import pytest

from layerscope.session.open import open_image
from layerscope.session.reading.background import read_in_background
from layerscope.tui.app import explorer_app
from layerscope.tui.images.chooser import chooser_app
from tests.builders import docker_archive, file, image, layer
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP, undecided_image
from tests.tui.looks import SnapCompare, comparison_app, image_app, settled

pytestmark = pytest.mark.usefixtures("unicode_locale")


def test_the_explorer(snap_compare: SnapCompare) -> None:
    keys = ["left_square_bracket", "tab", *["j"] * 4]
    assert snap_compare(image_app(), terminal_size=(120, 34), run_before=settled(*keys))


def test_a_small_terminal(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(), terminal_size=(80, 24), run_before=settled("c"))


def test_a_light_theme(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(theme="layerscope-light"), terminal_size=(110, 30), run_before=settled("plus"))


def test_the_size_view(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(), terminal_size=(110, 30), run_before=settled("w"))


def test_the_map_of_the_size_view(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(), terminal_size=(110, 30), run_before=settled("w", "4", "right"))


def test_the_size_view_in_a_small_terminal(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(), terminal_size=(80, 24), run_before=settled("w", "down"))


def test_the_causes_of_dead_bytes_in_a_light_theme(snap_compare: SnapCompare) -> None:
    app = image_app(theme="layerscope-light")
    assert snap_compare(app, terminal_size=(110, 30), run_before=settled("w", "7"))


def test_the_comparison_of_two_images(snap_compare: SnapCompare) -> None:
    assert snap_compare(comparison_app(), terminal_size=(120, 34), run_before=settled("down", "down"))


def test_the_help(snap_compare: SnapCompare) -> None:
    # behind the dialog, a scrollbar may still be about to come
    app = image_app(SAMPLES / "opaque.oci.tar")
    assert snap_compare(app, terminal_size=(110, 50), run_before=settled("question_mark"))


def test_the_chooser(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    # its title tells the path as it was given
    monkeypatch.chdir(SAMPLES)
    with undecided_image("platforms.oci.tar") as undecided:
        assert snap_compare(chooser_app(undecided), terminal_size=(80, 24))


def test_what_a_layer_changed(snap_compare: SnapCompare) -> None:
    # a prompt with the focus has a cursor that blinks
    keys = ["left_square_bracket", "2", "tab", "slash", *"conf", "enter"]
    assert snap_compare(image_app(), terminal_size=(110, 30), run_before=settled(*keys))


def test_the_columns_and_the_details_of_the_image(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(), terminal_size=(120, 34), run_before=settled("o", "i"))


def test_a_zoomed_list_of_layers(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(), terminal_size=(110, 30), run_before=settled("up", "z"))


def test_many_layers(snap_compare: SnapCompare, tmp_path: Path) -> None:
    layers = [layer(file(f"srv/part-{number}", b"x" * 900 * number)) for number in range(1, 41)]
    history = [{"created_by": f"COPY part-{number} /srv/", "created": "2026-11-23T10:00:00Z"} for number in range(40)]
    archive = docker_archive(tmp_path / "many.tar", image(*layers, history=history, tags=["many:1"]))
    assert snap_compare(image_app(archive), terminal_size=(110, 30), run_before=settled("pageup", "tab"))


def test_the_layers_of_the_size_view_in_a_small_terminal(snap_compare: SnapCompare) -> None:
    assert snap_compare(image_app(), terminal_size=(80, 24), run_before=settled("w", "2"))


def test_the_comparison_of_two_layers(snap_compare: SnapCompare) -> None:
    keys = ["left_square_bracket", "d"]
    assert snap_compare(image_app(), terminal_size=(110, 30), run_before=settled(*keys))


def test_the_dockerfile(snap_compare: SnapCompare) -> None:
    session = open_image(str(MY_APP))
    session.dockerfile_name = str(SAMPLES / "dockerfiles/my-app/v1/Dockerfile")
    app = explorer_app(session, read_in_background(session, len(session.image.layers)))
    assert snap_compare(app, terminal_size=(110, 30), run_before=settled("F", "g", *["j"] * 9, "m"))


def test_the_extract_dialog(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    # it shows the absolute path of the target
    monkeypatch.chdir("/")
    assert snap_compare(image_app(), terminal_size=(80, 24), run_before=settled("tab", "x", "tab"))
