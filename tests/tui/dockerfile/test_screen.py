"""The Dockerfile view: from a file or a layer to its line, from a line to its layer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from layerscope.model.build_report import BuildReport, CacheMiss, MissCause, ReportedStep
from layerscope.session.dockerfile.remembered_build import RememberedBuild
from layerscope.tui.dockerfile.screen import DockerfileScreen
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.widgets.row_table import RowTable
from tests.builders import docker_archive, file, image, layer
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP, Journey, journey

DOCKERFILE = SAMPLES / "dockerfiles/my-app/v1/Dockerfile"


@asynccontextmanager
async def opened(path: Path = MY_APP, dockerfile: Path = DOCKERFILE) -> AsyncIterator[Journey]:
    async with journey(path) as at:
        at.explorer.session.dockerfile_name = str(dockerfile)
        yield at


def built(report: BuildReport) -> RememberedBuild:
    return RememberedBuild(report, {}, None)


def rows(at: Journey) -> list[str]:
    table = at.app.screen.query_one(RowTable)
    return [table.render_line(y).text.rstrip() for y in range(min(table.size.height, table.item_count()))]


def line(at: Journey) -> int:
    assert isinstance(at.app.screen, DockerfileScreen)
    return at.app.screen._rows.line_at(at.app.screen.table.cursor)


async def test_the_whole_dockerfile_is_shown_with_the_cost_of_its_lines() -> None:
    async with opened() as at:
        await at.press("F")
        assert "aligned: 11 of 11 steps match · base my-app-base:1" in at.rows()[0]
        (row,) = [row for row in rows(at) if row.split()[1:3] == ["2", "96"]]
        assert row.split()[2:6] == ["96", "kB", "96", "kB"]
        await at.press("escape")
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_the_cursor_starts_at_the_first_instruction_that_made_a_layer_on_the_base() -> None:
    async with opened() as at:
        await at.press("F")
        text = DOCKERFILE.read_text().splitlines()[line(at) - 1]
        assert text == "RUN --mount=type=bind,from=tools,target=/bin apt-get update"
    async with journey(MY_APP) as at:
        await at.press("F")
        assert "reconstructed from the history" in at.rows()[0]
        assert "line 2 · stage 0 · layer 1" in at.screen()


async def test_a_wide_screen_shows_the_share_as_a_figure() -> None:
    async with journey(MY_APP, (160, 45)) as at:
        at.explorer.session.dockerfile_name = str(DOCKERFILE)
        await at.press("F")
        (row,) = [row for row in rows(at) if row.endswith("apt-get update")]
        assert row.split()[1:7] == ["2", "96", "kB", "35", "%", "96"]
        assert at.rows()[2].split() == ["│", "layer", "content", "share", "dead", "advice", "│"], (
            "as in all other tables"
        )


async def test_a_small_screen_gives_the_lines_the_room_of_the_bars() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        at.explorer.session.dockerfile_name = str(DOCKERFILE)
        await at.press("F")
        assert "RUN --mount=type=bind,from=tools,target=/bin " in at.screen()
        await at.pilot.resize_terminal(100, 24)
        await at.settle()
        assert "█" in at.screen()


async def test_no_line_is_cut_on_a_small_screen() -> None:
    long = '&& echo "Manual pages are left out of this image." >/usr/share/man/README'
    async with journey(MY_APP, (80, 24)) as at:
        at.explorer.session.dockerfile_name = str(DOCKERFILE)
        await at.press("F", "g")
        table = at.app.screen.query_one(RowTable)
        lines = [table.render_line(line).text.strip() for line in table.lines_of(24)]
        assert "…" not in " ".join(lines)
        assert " ".join(lines).endswith(long)


async def test_a_layer_leads_to_its_line_and_the_line_to_its_layer() -> None:
    async with opened() as at:
        assert at.layer() == 6
        await at.press("f")
        assert line(at) == 28
        assert at.text_of("#detail") == "line 28 · stage 0 · layer 6 COPY . /var/www/html/"
        await at.press(*["up"] * 9)
        assert line(at) == 19
        assert at.text_of("#detail").startswith("lines 17 to 25 · stage 0 · layer 5 && chown")
        await at.press("up", "up", "enter")
        assert at.layer() == 5


async def test_a_file_leads_to_the_line_that_wrote_it() -> None:
    async with opened() as at:
        await at.press("tab")
        await at.filter("nginx-debug")
        await at.press("enter", "f")
        assert line(at) == 11


async def test_the_layers_of_the_base_fold_below_its_from() -> None:
    async with opened() as at:
        await at.press("F", "g", "down")
        assert "▸ FROM my-app-base:1 (1 layer of the base image)" in at.screen()
        await at.press("enter")
        assert rows(at)[2].endswith("ADD rootfs.tar /")
        await at.press("G")
        assert line(at) == 33
        await at.press("g", "down", "left")
        assert "▸ FROM my-app-base:1" in at.screen()
        await at.press("question_mark")
        assert "Hide advice and the layers of the base image, or go back" in at.screen()
        await at.press("escape", "enter", "down", "enter")
        assert at.layer() == 1
        await at.press("escape", "left", "left")
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_a_line_without_a_layer_says_so() -> None:
    async with opened() as at:
        await at.press("F", "g", "enter")
        assert isinstance(at.app.screen, DockerfileScreen)
        assert "This line made no layer." in at.screen()


async def test_copy_from_a_stage_leads_to_the_line_that_wrote_the_files(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM x AS build\nRUN make /out/app\nFROM scratch\nCOPY --from=build /out/app /\n")
    history = [{"created_by": "COPY /out/app / # buildkit"}]
    archive = docker_archive(tmp_path / "image.tar", image(layer(file("app", b"1")), history=history))
    async with opened(archive, dockerfile) as at:
        await at.press("f")
        assert at.text_of("#detail").startswith("line 4 · stage 1 · layer 1 · written by line 2 COPY")
        await at.press("f")
        assert line(at) == 2
        assert at.text_of("#detail").startswith("line 2 · stage build · its stage is not part of the image")
        await at.press("f")
        assert "Only COPY --from" in at.screen()


async def test_an_image_without_a_dockerfile_shows_one_from_its_history() -> None:
    async with journey(MY_APP) as at:
        await at.press("F", "g")
        assert "reconstructed from the history" in at.screen()
        assert "RUN rm -rf /var/lib/apt/lists/* /var/cache/apt" in at.screen()


async def test_a_layer_that_no_line_matches_is_not_guessed(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM x\nRUN other\n")
    async with opened(MY_APP, dockerfile) as at:
        await at.press("f")
        assert "No line of the Dockerfile matches layer 6." in at.screen()
        await at.press("F", "g")
        assert "no line for layer 1-6" in at.rows()[0]


async def test_after_a_build_the_lines_show_what_came_from_the_cache() -> None:
    steps = tuple(ReportedStep("x", layer, None, layer == 1, layer < 6) for layer in range(1, 7))
    miss = CacheMiss(steps[-1], MissCause.FILES, "index.html changed", ("index.html",))
    async with opened() as at:
        at.explorer.session.build = built(BuildReport("docker", 0, steps=steps, miss=miss))
        await at.press("f")
        (setup,) = [row for row in rows(at) if " 17  RUN" in row]
        (copy,) = [row for row in rows(at) if row.endswith("COPY . /var/www/html/")]
        assert ("hit" in setup.split(), "miss" in copy.split()) == (True, True)
        assert "cache miss: index.html changed" in at.text_of("#detail")


def marks(at: Journey) -> dict[int, str]:
    """Return the marks that are shown, by line."""
    shown = {int(row.split("RUN")[0].split()[-1]): row for row in rows(at) if " RUN " in row}
    return {number: word for number, row in shown.items() for word in ("merge", "drop") if f" {word} " in row}


async def test_lines_are_merged_to_see_what_dies_between_them_go() -> None:
    async with opened(SAMPLES / "my-app-v2.oci.tar") as at:
        await at.press("F", "g", *["down"] * 10, "m", *["down"] * 3, "m")
        assert marks(at) == {11: "merge", 14: "merge"}
        assert at.text_of("#what-if") == (
            "With these edits: 275 kB → 157 kB (-118 kB) · 1 layer shared with this image"
            " · a node that has it pulls ~34 kB"
        )
        await at.press("m", "m")
        assert marks(at) == {11: "merge"}
        assert "275 kB → 271 kB (-4.3 kB)" in at.text_of("#what-if")


async def test_a_line_is_dropped_with_its_bytes_and_nothing_is_merged_into_it() -> None:
    async with opened() as at:
        await at.press("F", "g", *["down"] * 9, "m")
        assert marks(at) == {10: "drop"}
        assert at.text_of("#what-if").startswith(
            "With these edits: 275 kB → 179 kB (-96 kB) · 1 layer shared with this image"
        )
        assert "the layers are not stored compressed" in at.text_of("#what-if")
        await at.press("down", "m")
        assert marks(at) == {10: "drop", 11: "drop"}
        await at.press("m", "up", "m")
        assert not marks(at)
        assert not at.app.screen.query_one("#what-if").display


async def test_a_line_that_another_one_is_merged_into_is_not_dropped() -> None:
    async with opened() as at:
        await at.press("F", "g", *["down"] * 10, "m", "up", "m")
        assert marks(at) == {11: "merge"}
        assert "Layer 3 is merged into the layer of this line." in notices(at)


async def test_lines_that_made_no_layer_of_their_own_cannot_be_merged_or_dropped() -> None:
    async with opened() as at:
        for keys in (["F", "g", "m"], ["down", "m"], ["enter", "down", "m"]):
            await at.press(*keys)
            assert notices(at) == ["Only a line that made a layer on the base image can be merged or dropped."]
            at.app.clear_notifications()


@pytest.mark.parametrize("back", ["escape", "F"])
async def test_the_dockerfile_comes_back_with_its_cursor_its_marks_and_what_was_unfolded(back: str) -> None:
    async with opened() as at:
        await at.press("F", "g", *["down"] * 10, "m", "g", "down", "enter", "down")
        shown = at.screen()
        await at.press(back, "F")
        assert at.screen() == shown
        await at.press("down", "down", "G", back, "f")
        assert line(at) == 28, "f shows its line, wherever the cursor was"
        assert marks(at) == {11: "merge"}


async def test_the_table_keeps_its_height_when_another_line_is_chosen() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        at.explorer.session.dockerfile_name = str(DOCKERFILE)
        await at.press("F", "g")
        heights = set[int]()
        for _ in range(33):
            heights.add(at.app.screen.query_one(RowTable).size.height)
            await at.press("down")
        assert len(heights) == 1


async def test_escape_from_a_layer_leads_back_to_the_line_that_led_there() -> None:
    async with opened() as at:
        await at.press("f", *["up"] * 11, "enter", "escape")
        assert line(at) == 17


async def test_after_a_build_the_layers_of_the_image_before_are_the_shared_ones() -> None:
    async with opened() as at:
        at.explorer.session.build = built(BuildReport("docker", 0, shared_layers=2))
        await at.press("F", "g", *["down"] * 16, "m")
        assert "2 layers shared with the image that had the tag before" in at.text_of("#what-if")


async def test_without_all_layers_what_if_is_unknown(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY a /\nCOPY b /\n")
    history = [{"created_by": f"COPY {name} / # buildkit"} for name in "ab"]
    broken = image(layer(file("a", b"1")), layer(file("b", b"1" * 2000))[:600], history=history)
    async with opened(docker_archive(tmp_path / "image.tar", broken), dockerfile) as at:
        await at.press("F", "g", "down", "m")
        assert at.text_of("#what-if") == "With these edits: unknown, because a layer could not be read"


def notices(at: Journey) -> list[str]:
    return [notice.message for notice in at.app._notifications]


async def test_advice_stands_at_its_line_and_shows_below_it() -> None:
    async with opened() as at:
        await at.press("F", "g")
        await at.until(lambda: "-96 kB ⚑" in at.screen())
        await at.press("G")
        last = line(at)
        at.app.screen.query_one(RowTable).move_to(9)
        assert line(at) == 10
        await at.press("enter")
        assert "⚑ -96 kB: 96 kB of apt's lists" in at.screen()
        await at.press("G")
        assert line(at) == last
        await at.press("left")
        assert "96 kB of apt's lists" not in at.screen()
        at.app.screen.query_one(RowTable).move_to(9)
        await at.press("enter", "down", "enter")
        assert at.layer() == 2
