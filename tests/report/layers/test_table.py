"""The layer table, as people see it."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layerscope.report.layer_table import layer_table, write_layer_table
from layerscope.session.open import open_image
from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, oci_archive, sha256, write_tar
from tests.report.documents import plain_text
from tests.samples import SAMPLES

if TYPE_CHECKING:
    from layerscope.session.image_session import ImageSession

LONG = "RUN " + " && ".join(f"step-{number}" for number in range(100))


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return Screen()


def seen(path: Path, width: int | None = None) -> list[str]:
    with open_image(str(path)) as session:
        return plain_text(layer_table(session.image, session.tallies, width), width).splitlines()


def test_the_sample_at_100_columns() -> None:
    assert seen(SAMPLES / "my-app.tar", 100) == [
        "my-app:v1 · linux/amd64 · 275 kB in 6 layers (421 kB stored) · 154 kB dead (56 %)",
        "",
        "   content  stored  share    +  ~   -   dead  instruction",
        "1    81 kB  155 kB   30 %  106         24 kB  ADD rootfs.tar /",
        '·                                             CMD ["/bin/sh"]',
        "·                                             LABEL org.opencontainers.image.title=my-app org.openc…",
        "·                                             ENV LANG=C.UTF-8",
        "2    96 kB  105 kB   35 %    7  1      96 kB  RUN apt-get update",
        "3    89 kB  123 kB   32 %   28  4   8  34 kB  RUN apt-get install -y nginx",
        "4      0 B  7.7 kB    0 %          12         RUN rm -rf /var/lib/apt/lists/* /var/cache/apt",
        "5   6.6 kB   22 kB  2.4 %    3  8   8         RUN echo Etc/GMT >/etc/timezone && chmod 0640 /etc/ng…",
        "6   2.4 kB  7.7 kB  0.9 %    3  1             COPY . /var/www/html/",
        "·                                             ENV APP_VERSION=1",
        "·                                             EXPOSE 80/tcp",
        "·                                             USER 33:33",
        '·                                             CMD ["nginx", "-g", "daemon off;"]',
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_it_fits_any_width_and_keeps_figures_and_instructions(width: int) -> None:
    lines = seen(SAMPLES / "my-app.tar", width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "81 kB" in text
    assert "ADD" in text


def test_columns_are_left_out_one_by_one_on_narrow_screens() -> None:
    titles = [
        next(line for line in seen(SAMPLES / "my-app.tar", width) if "content" in line) for width in (120, 80, 60)
    ]
    assert [title.split() for title in titles] == [
        ["content", "stored", "share", "+", "~", "-", "dead", "created", "instruction"],
        ["content", "stored", "share", "+", "~", "-", "dead", "instruction"],
        ["content", "+", "~", "-", "dead", "instruction"],
    ]


def test_in_a_pipe_nothing_is_cut_and_nothing_is_coloured(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a")), history=[{"created_by": LONG}]))
    output = io.StringIO()
    with open_image(str(path)) as session:
        write_layer_table(session.image, session.tallies, output)
    assert LONG in output.getvalue()
    assert "\x1b" not in output.getvalue()
    assert all(line == line.rstrip() for line in output.getvalue().splitlines())


def test_on_a_terminal_it_is_as_wide_as_that_and_in_colour(screen: Screen) -> None:
    with open_image(str(SAMPLES / "my-app.tar")) as session:
        write_layer_table(session.image, session.tallies, screen)
    assert "\x1b[32m" in screen.getvalue()
    assert "…" in screen.getvalue()


def test_no_color_is_respected(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with open_image(str(SAMPLES / "my-app.tar")) as session:
        write_layer_table(session.image, session.tallies, screen)
    assert "\x1b[3" not in screen.getvalue()


def test_compressed_layers_are_what_a_pull_transfers(tmp_path: Path) -> None:
    tar = layer(file("a", b"1" * 9999))
    assert "to pull" in seen(oci_archive(tmp_path / "image.tar", image(tar)))[0]
    assert "no dead bytes" in seen(tmp_path / "image.tar")[0]


def test_an_instruction_is_neither_markup_nor_a_command_to_the_terminal(tmp_path: Path) -> None:
    odd = "RUN echo [red]x[/] a[/b] \x1b[2J\u202e\n:smile:"
    path = docker_archive(
        tmp_path / "image.tar", image(layer(file("a")), tags=["[b]x[/y]"], history=[{"created_by": odd}])
    )
    lines = seen(path)
    assert lines[0].startswith("[b]x[/y] · ")
    assert lines[3].endswith("RUN echo [red]x[/] a[/b] \\x1b[2J\\u202e :smile:")


def missing_layer(tmp_path: Path) -> Path:
    base, top = layer(file("a", b"1")), layer(file("b", b"2"))
    files = docker_files(image(base, top, tags=["my-app:v1"]))
    del files[blob_name(sha256(base))]
    return write_tar(tmp_path / "image.tar", files)


@pytest.mark.parametrize("width", [None, 60])
def test_a_layer_that_cannot_be_read_says_why_in_its_place(tmp_path: Path, width: int | None) -> None:
    text = " ".join(" ".join(seen(missing_layer(tmp_path), width)).split())
    assert text.startswith("my-app:v1 · linux/amd64 · ? in 2 layers (? stored) · dead bytes unknown")
    assert "COPY layer-1 / ! cannot be read whole: the blob sha256:" in text
    assert "COPY layer-2 / ! rests on a layer that is incomplete" in text


def test_an_image_without_layers_has_a_summary(tmp_path: Path) -> None:
    lines = seen(docker_archive(tmp_path / "image.tar", image(tags=["none:1"])), 80)
    assert lines[0] == "none:1 · linux/amd64 · 0 B in 0 layers (0 B stored) · no dead bytes"


def test_times_are_in_utc_and_an_invalid_one_is_shown_as_stated(tmp_path: Path) -> None:
    times = ["yesterday \x1b[2J", "2024-01-01T03:30:00+05:30"]
    history = [{"created_by": "RUN a", "created": time} for time in times]
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a")), layer(file("b")), history=history))
    session: ImageSession
    with open_image(str(path)) as session:
        text = plain_text(layer_table(session.image, session.tallies))
    assert "yesterday \\x1b[2" in text
    assert "2023-12-31 22:00" in text
