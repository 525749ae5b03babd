"""The size report on a screen."""

from pathlib import Path

import pytest

from layerscope.analysis.size.base_image import BaseImage
from layerscope.report.why_tables import why_tables
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis
from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, sha256, whiteout, write_tar
from tests.heavy import CLEAN, HARMFUL, HEAVY
from tests.report.documents import plain_text


def shown(path: Path, *, every: bool = False, width: int | None = None, base: BaseImage | None = None) -> list[str]:
    with open_image(str(path)) as session:
        return plain_text(why_tables(SizeAnalysis(session.load(), base), show_all=every), width).splitlines()


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return docker_archive(tmp_path_factory.mktemp("why") / "heavy.tar", HEAVY)


def test_secrets_come_first_then_the_causes_that_can_be_fixed_and_the_total(heavy: Path) -> None:
    lines = shown(heavy)
    starts = (
        "heavy:1 ",
        "Secrets",
        "What to change",
        "18 kB -> about ",
        "Layer 2 (RUN",
        "Layers, largest",
        "Dead bytes",
    )
    places = [next(place for place, line in enumerate(lines) if line.startswith(start)) for start in starts]
    assert places == sorted(places)


def test_advice_shows_the_instruction_before_and_after(heavy: Path) -> None:
    lines = shown(heavy)
    start = next(place for place, line in enumerate(lines) if "for another owner" in line)
    assert lines[start + 2 : start + 6] == [
        "  - ADD rootfs.tar /",
        "  + ADD --chown=33:0 rootfs.tar /",
        "  - RUN chown 33 /srv/model.bin && cp /srv/model.bin /srv/copy.bin",
        "  + RUN cp /srv/model.bin /srv/copy.bin",
    ]


def test_secrets_come_before_everything_else_and_are_no_saving(heavy: Path) -> None:
    lines = shown(heavy)
    title = lines.index("Secrets")
    assert lines[title + 1] == "layer 1: an SSH key"
    assert title < next(number for number, line in enumerate(lines) if line.startswith("Layers, "))
    assert not any("secret" in line for line in lines[lines.index("What to change") :])
    assert lines[title + 2] == "  /root/.ssh/id_rsa"


def test_unreadable_layers_are_never_called_clean(tmp_path: Path) -> None:
    files = docker_files(CLEAN)
    del files[blob_name(sha256(CLEAN.layers[-1]))]
    lines = shown(write_tar(tmp_path / "broken.tar", files))
    assert "No waste was found in the layers that could be read." in lines


def test_dead_bytes_name_both_instructions(heavy: Path) -> None:
    lines = shown(heavy)
    start = lines.index("5.0 kB mode or owner only, 1 file")
    assert lines[start + 1 : start + 4] == [
        "  written by layer 1 ADD rootfs.tar /",
        "  hidden by layer  2 RUN chown 33 /srv/model.bin && cp /srv/model.bin /srv/copy.bin",
        "  5.0 kB  /srv/model.bin",
    ]


def test_many_dead_files_of_one_cause_are_summed_up_unless_all_are_asked_for(tmp_path: Path) -> None:
    files = [file(f"cache/{number:03}", b"x" * (100 + number)) for number in range(50)]
    path = docker_archive(tmp_path / "many.tar", image(layer(*files), layer(whiteout("cache"))))
    few, every = shown(path), shown(path, every=True)
    assert any("and 47 more files" in line for line in few)
    assert not any("/cache/003" in line for line in few)
    assert sum("/cache/0" in line for line in every) >= 50
    assert not any("--all" in line for line in every)


def test_the_base_image_and_the_growth_over_it_are_shown(heavy: Path) -> None:
    lines = shown(heavy, base=BaseImage("debian:13", layers=1))
    assert "Base image debian:13: the lowest 1 layer, 8.0 kB; 10 kB were added to it." in lines


def test_what_the_advice_saves_in_the_base_image_is_set_apart(tmp_path: Path) -> None:
    layers = (layer(file("var/log/old", b"o" * 30_000)), layer(file("srv/big", b"b" * 70_000)))
    path = docker_archive(tmp_path / "a.tar", image(*layers, layer(whiteout("srv/big"), whiteout("var/log/old"))))
    promise = "100 kB -> about 0 B if you follow the advice"
    assert f"{promise}: your Dockerfile -70 kB, base image -30 kB." in shown(
        path, base=BaseImage("debian:13", layers=1)
    )
    assert f"{promise}." in shown(path)


def test_a_clean_image_has_nothing_to_change(tmp_path: Path) -> None:
    lines = shown(docker_archive(tmp_path / "clean.tar", CLEAN))
    assert "Nothing to change: no waste and no known risk was found." in lines
    assert not any(line.startswith("Dead bytes") for line in lines)


def test_dead_bytes_too_few_for_advice_are_no_clean_image(tmp_path: Path) -> None:
    layers = [layer(file("big", b"x" * 90_000)), *(layer(file("small", b"%d" % number)) for number in range(9))]
    lines = shown(docker_archive(tmp_path / "image.tar", image(*layers)))
    assert "No single change saves much of the 8 B of dead bytes." in lines


def test_unknown_figures_are_named(tmp_path: Path) -> None:
    files = docker_files(HEAVY)
    del files[blob_name(sha256(HEAVY.layers[1]))]
    lines = shown(write_tar(tmp_path / "broken.tar", files))
    assert any(line.startswith("Unknown: layer 2 could not be read whole") for line in lines)
    assert any("at least" in line for line in lines if line.startswith("Dead bytes"))


def test_no_name_steers_the_terminal(tmp_path: Path) -> None:
    lines = shown(docker_archive(tmp_path / "harmful.tar", HARMFUL), every=True)
    assert all(line.isprintable() for line in lines)
    assert any("\\x1b[31mred\\x07" in line for line in lines)


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_no_path_is_broken_by_the_width_of_the_screen(tmp_path: Path, width: int) -> None:
    names = [f"srv/{'folder/' * 12}{name}" for name in ("one file", "two")]
    layers = (layer(*(file(name, b"same" * 2000) for name in names)), layer(whiteout(names[1])))
    lines = shown(docker_archive(tmp_path / "image.tar", image(*layers)), width=width)
    assert sum(names[0] in line for line in lines) == 1
    assert sum(line.endswith(names[1]) for line in lines) == 3
