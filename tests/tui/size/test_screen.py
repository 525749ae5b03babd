import json
from pathlib import Path
from threading import Event

import pytest

from layerscope.session.size.analysis import SizeAnalysis
from layerscope.tui.size.body import Content, content_of
from layerscope.tui.size.lists.model import RowsOnDemand
from layerscope.tui.size.map_widget import Treemap
from layerscope.tui.size.overview import NoteItem, Overview
from layerscope.tui.size.state import VisitedTopic
from layerscope.tui.widgets.row_table import RowTable, TableRow
from tests.builders import (
    Members,
    OciStore,
    attested_files,
    docker_archive,
    file,
    image,
    layer,
    sha256,
    whiteout,
    write_tar,
)
from tests.tui.journeys import MY_APP, Journey, journey, starting_with
from tests.tui.size.messy import INSTRUCTIONS, KEY, messy_image

BIDI = "evil\u202e\x1b[31m\\[b]"


def rows(at: Journey) -> list[str]:
    table = at.app.screen.query_one(RowTable)
    items = range(min(table.size.height, table.item_count()))
    return [" ".join(table.render_line(y).text.rstrip() for y in table.lines_of(item)) for item in items]


def shown_screen(at: Journey) -> str:
    return type(at.app.screen).__name__


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_one_key_says_why_an_image_is_large_and_what_to_change(tmp_path: Path, size: tuple[int, int]) -> None:
    async with journey(messy_image(tmp_path), size) as at:
        await at.press("w")
        await at.settle()
        assert at.title().startswith("messy:1  336 kB → about 1")
        assert at.title().endswith("⚠ 1 secret in layer 4")
        shown = at.screen()
        for cause in (
            "/root/.ssh/id_rsa is an SSH key; layer 7 only hides it",
            "apt's lists and cache, deleted too late in layer 7",
            "stored again by layer 5 for another mode: /usr/lib/",
            "stored again by layer 8 for another owner: /srv/",
            "dead 148 kB",
        ):
            assert cause in shown
        assert shown.index("id_rsa is") < shown.index("apt's lists")
        await at.press("down")
        assert starting_with(at.rows(), "│      -")[0].strip("│ ").startswith("- RUN apt-get update && apt-get install")
        assert "+  && rm -rf /var/lib/apt/lists/* /var/cache/apt/*" in at.screen()
        for line in at.rows():
            assert ("apt's lists" in line) <= ("RUN apt-get" not in line), "the changes below begin with it"


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_what_the_advice_saves_in_a_known_base_image_is_set_apart(tmp_path: Path, size: tuple[int, int]) -> None:
    base = layer(file("var/log/old.log", b"o" * 30_000), file("etc/motd", b"hello\n"))
    layers = (base, layer(file("srv/big", b"b" * 70_000)), layer(whiteout("srv/big"), whiteout("var/log/old.log")))
    stated = json.dumps({"runImage": {"topLayer": sha256(base)}})
    config = {"Labels": {"io.buildpacks.lifecycle.metadata": stated}}
    path = docker_archive(tmp_path / "image.tar", image(*layers, tags=["split:1"], config=config))
    async with journey(path, size) as at:
        await at.press("w")
        await at.settle()
        assert "advice: your Dockerfile -70 kB, base image -30 kB" in at.screen()


async def test_the_instructions_beside_the_causes_are_in_one_column() -> None:
    async with journey(MY_APP, (160, 45)) as at:
        await at.press("w")
        await at.settle()
        (long,), (short,) = ([line for line in at.rows() if cause in line] for cause in ("6 others", "unchanged by"))
        assert long.index("ADD rootfs.tar") == short.index("RUN apt-get install")


async def test_the_overview_takes_a_cursor_that_another_list_left() -> None:
    async with journey(MY_APP) as at:
        await at.press("w")
        await at.settle()
        overview = at.app.screen.query_one(Overview)
        overview.show([NoteItem("Nothing is dead.")], 9)
        assert overview.cursor == 0


async def test_instructions_of_the_overview_take_the_lines_that_no_open_item_needs(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path), (80, 28)) as at:
        await at.press("w")
        await at.settle()
        overview = at.app.screen.query_one(Overview)
        assert overview.line_count() <= overview.size.height
        assert any(line.endswith(" --no-install-recommends python3 │") for line in at.rows()), "it is not cut"
        await at.press("down")
        assert "+  && chmod -R g+w /usr/lib/python3" in at.screen()
        assert overview.line_count() <= overview.size.height, "the item that opens takes lines of the instructions"


async def test_many_secrets_leave_room_for_the_advice_and_are_listed_by_enter(tmp_path: Path) -> None:
    keys = [file(f"home/{number}/.ssh/id_rsa", KEY) for number in range(30)]
    layers = layer(*keys, file("var/log/x", b"x" * 9_000)), layer(whiteout("home/0"))
    async with journey(docker_archive(tmp_path / "image.tar", image(*layers)), (80, 24)) as at:
        await at.press("w")
        await at.settle()
        assert "26 more secrets: Enter lists them all." in at.screen()
        assert "logs of the build" in at.screen()
        await at.press(*["down"] * 4, "enter")
        await at.settle()
        assert at.frame("size") == ("Secrets", "by layer, 30")
        assert rows(at)[0].split() == ["1", "2", "an", "SSH", "key", "/home/0/.ssh/id_rsa"]
        await at.press("enter")
        await at.settle()
        assert shown_screen(at) == "FileScreen"


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_an_instruction_is_shown_and_copied_as_all_advice_changes_it(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with journey(messy_image(tmp_path), size) as at:
        await at.press("w")
        await at.settle()
        await at.press("down", "y")
        commands = " \\\n && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \\\n && chmod -R g+w /usr/lib/python3"
        assert at.app.clipboard == INSTRUCTIONS[1] + commands
        assert len([line for line in at.rows() if "- RUN apt-get update" in line]) == 1
        await at.press("end", "y")
        assert at.app.clipboard == INSTRUCTIONS[3], "of a layer, its instruction is copied"


async def test_a_copied_instruction_is_shown_short_and_without_control_characters(tmp_path: Path) -> None:
    instruction = f"RUN echo \x1b[31m \u202e{'x' * 20_000}"
    recipe = image(layer(file("a", b"x")), history=[{"created_by": instruction}])
    async with journey(docker_archive(tmp_path / "image.tar", recipe)) as at:
        await at.press("w")
        await at.settle()
        await at.press("end", "y")
        assert at.app.clipboard == instruction
        (toast,) = at.toasts()
        assert toast.startswith(r"RUN echo \x1b[31m \u202exxx")
        assert len(toast) < 400


async def test_going_back_finds_every_list_as_it_was_left(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        screens = []
        for keys in (
            ["w"],
            ["down", "down"],
            ["3"],
            ["down", "enter"],
            ["5"],
            ["s", "down"],
            ["enter"],
            ["7"],
            ["enter"],
        ):
            await at.press(*keys)
            await at.settle()
            screens.append(at.screen())
        screens = [screens[number] for number in (1, 3, 5, 6, 7)]
        screens.insert(1, "")
        while screens:
            await at.press("escape")
            await at.settle()
            expected = screens.pop()
            assert at.screen() == expected or not expected
        assert shown_screen(at) == "SizeScreen"
        await at.press("escape")
        assert shown_screen(at) == "ExplorerScreen"


async def test_a_view_that_was_visited_is_returned_to_so_that_the_way_out_stays_short(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w")
        await at.settle()
        for key in ("3", "down", "enter", "5", "down"):
            await at.press(key)
            await at.settle()
        shown = at.screen()
        for key in ("7", "8", "7", "5"):
            await at.press(key)
            await at.settle()
        assert at.screen() == shown, "with the cursor where it was"
        await at.press("escape")
        await at.settle()
        assert at.frame("size")[0].startswith("/srv")
        await at.press("backspace")
        await at.settle()
        assert at.frame("size")[0].startswith("/  ")
        await at.press("escape")
        await at.settle()
        await at.press("escape")
        assert shown_screen(at) == "ExplorerScreen"


async def test_a_long_list_comes_back_with_the_same_lines_on_the_screen(tmp_path: Path) -> None:
    files = [file(f"d/{number}", b"x" * (number + 1)) for number in range(300)]
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(*files))), (80, 24)) as at:
        for key in ("w", "3", "enter", "end", *["up"] * 20):
            await at.press(key)
            await at.settle()
        shown = rows(at), at.text_of("#detail")
        await at.press("enter")
        await at.settle()
        await at.press("escape")
        await at.settle()
        assert (rows(at), at.text_of("#detail")) == shown
        await at.press("5")
        await at.settle()
        await at.press("escape")
        await at.settle()
        assert (rows(at), at.text_of("#detail")) == shown


async def test_names_of_views_and_rows_are_clicked(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w")
        await at.settle()
        line = next(number for number, row in enumerate(at.rows()) if "7 dead" in row)
        await at.pilot.click(offset=(at.rows()[line].index("7 dead") + 1, line))
        await at.settle()
        assert at.frame("size")[0] == "Dead"
        table = at.app.screen.query_one(RowTable)
        await at.click(RowTable, 20, table.lines_of(1).start, times=2)
        await at.settle()
        assert at.frame("size")[0].startswith("30 kB mode or owner only, written by layer")
        await at.press("escape", "escape")
        await at.settle()
        await at.click(Overview, 20, 4, times=2)
        await at.settle()
        assert at.frame("size")[0].startswith("Advice 1: apt's lists")


async def test_a_click_on_a_title_of_a_list_sorts_by_that_column(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w", "3")
        await at.settle()
        for title, caption in (("name", "by name, 5"), ("dead", "by dead bytes, 5"), ("size", "by size, 5")):
            line = next(number for number, row in enumerate(at.rows()) if "share" in row)
            await at.pilot.click(offset=(at.rows()[line].index(title) + 1, line))
            await at.settle()
            assert at.frame("size")[1] == caption
        assert rows(at)[0].endswith(" usr/")


async def test_the_next_size_view_shows_what_the_last_one_showed(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w")
        await at.settle()
        await at.press("7")
        await at.settle()
        await at.press("down", "enter")
        await at.settle()
        shown = at.screen()
        await at.press("t")
        assert at.at() == "/srv/model.bin"
        assert at.layer() == 8
        await at.press("w")
        await at.settle()
        assert at.screen() == shown


async def test_enter_lists_the_files_of_a_row(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w")
        for view, row, names in (
            ("5", 0, ["/usr/bin/sh"]),
            ("7", 0, ["/var/lib/apt/lists/main_Packages"]),
            ("8", 0, ["/srv/copy.bin", "/srv/model.bin"]),
            ("1", 1, ["/var/lib/apt/lists/main_Packages"]),
        ):
            await at.press(view)
            await at.settle()
            await at.press(*["down"] * row, "enter")
            await at.settle()
            assert [line.split()[-1] for line in rows(at)] == names
            await at.press("enter")
            await at.settle()
            assert shown_screen(at) == "FileScreen"
            await at.press("escape")
            assert [line.split()[-1] for line in rows(at)] == names


async def test_dead_bytes_are_listed_by_cause(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w", "7")
        await at.settle()
        assert [line.split()[1:6] for line in rows(at)][:2] == [
            ["90", "kB", "1", "deleted", "2"],
            ["30", "kB", "1", "mode", "or"],
        ]
        assert len(rows(at)) == 4
        await at.filter("main_Packages")
        await at.settle()
        assert len(rows(at)) == 1, "the filter finds a cause by the names of its files"


async def test_small_duplicates_are_one_row(tmp_path: Path) -> None:
    pairs = [file(f"{name}{number}", bytes([number]) * 9) for number in range(3) for name in "ab"]
    large = [file(name, b"large" * 1000) for name in ("x", "y")]
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(*pairs, *large)))) as at:
        await at.press("w", "8")
        await at.settle()
        assert [line.split("  ")[-1].strip() for line in rows(at)] == ["/x", "3 duplicates below 4.0 kB each"]
        await at.press("down", "enter")
        await at.settle()
        assert len(rows(at)) == 3


async def test_a_list_is_filtered_as_it_is_typed_and_counted_and_summed_up(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w", "1", "3")
        await at.settle()
        await at.filter("s")
        await at.settle()
        assert [line.split()[-1] for line in rows(at)] == ["usr/", "srv/"]
        assert at.frame("size")[1] == "by live and dead bytes, 2 of 5 match s, 188 kB"
        await at.press("enter", "j", "s", "s")
        await at.settle()
        assert at.frame("size")[1] == "by dead bytes, 2 of 5 match s, 188 kB"
        await at.press("escape")
        await at.settle()
        assert len(rows(at)) == 5
        await at.press("escape")
        await at.settle()
        assert at.frame("size")[0] == "Overview"


async def test_an_invalid_expression_is_explained(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w", "7")
        await at.settle()
        await at.filter("re:(")
        await at.settle()
        assert "is not a valid regular expression" in at.screen()
        await at.press("escape")
        await at.settle()
        assert len(rows(at)) == 4


async def test_files_of_a_list_are_extracted_and_have_a_history(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w", "7")
        await at.settle()
        await at.press("x")
        assert "choose one first" in at.screen()
        await at.press("enter")
        await at.settle()
        await at.press("x")
        assert shown_screen(at) == "ExtractScreen"
        await at.press("escape", "H")
        await at.settle()
        assert shown_screen(at) == "HistoryScreen"
        await at.press("escape")
        assert shown_screen(at) == "SizeScreen"


async def test_keys_that_cannot_act_are_not_offered_and_say_why(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path), (160, 45)) as at:
        await at.press("w")
        await at.settle()
        for view in ("1", "4"):
            await at.press(view)
            await at.settle()
            assert not {"/ filter", "s sort"} & offered(at)
            for key, reason in (("s", "lists can be sorted"), ("slash", "lists can be filtered")):
                await at.press(key)
                assert reason in at.screen()
                at.app.clear_notifications()
        await at.press("5")
        await at.settle()
        assert {"/ filter", "s sort"} <= offered(at)
        await at.press("backspace")
        assert "no parent folder here" in at.screen()
        await at.press("t")
        assert "not one path in the tree" in at.screen()
        await at.press("3")
        await at.settle()
        await at.press("backspace")
        assert "This is the top folder." in at.screen()


async def test_where_there_is_no_row_every_key_for_one_says_so(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path), (160, 45)) as at:
        await at.press("w", "5")
        await at.settle()
        await at.filter("nothing like this")
        await at.settle()
        assert offered(at) == {"enter go", "esc cancel", "tab view"}, "all others are text"
        await at.press("enter")
        for key in ("enter", "t", "y", "x", "H"):
            at.app.clear_notifications()
            await at.press(key)
            assert len(at.toasts()) == 1


async def test_a_view_that_takes_a_while_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on = Event()

    def waiting(analysis: SizeAnalysis, visit: VisitedTopic) -> Content:
        may_go_on.wait(20)
        return content_of(analysis, visit)

    async with journey(messy_image(tmp_path)) as at:
        await at.press("w")
        await at.settle()
        monkeypatch.setattr("layerscope.tui.size.screen.content_of", waiting)
        await at.pilot.press("7")
        await at.until(lambda: "comparing the files…" in at.screen())
        may_go_on.set()
        await at.settle()
        assert "comparing the files…" not in at.screen()


def offered(at: Journey) -> set[str]:
    """Return the keys of the key line with their labels."""
    return set(at.key_line().split("  "))


def incomplete(*layers: bytes) -> Members:
    """Return an image whose last layer ends in the middle."""
    store = OciStore()
    recipe = image(*layers)
    config = store.add(recipe.config_json, "application/vnd.oci.image.config.v1+json")
    kept = [*layers[:-1], layers[-1][:2000]]
    blobs = [store.add(blob, "application/vnd.oci.image.layer.v1.tar") for blob in kept]
    return store.files([store.manifest(config, blobs)])


async def test_instructions_take_several_lines_where_all_rows_fit(tmp_path: Path) -> None:
    words = " ".join(f"word-{number}" for number in range(30))
    history = [{"created_by": "COPY a /"}, {"created_by": f"COPY {words} /"}]
    layers = layer(file("a", b"1")), layer(file("b", b"22"))
    archive = docker_archive(tmp_path / "image.tar", image(*layers, history=history))
    async with journey(archive, (110, 30)) as at:
        await at.press("w", "2")
        await at.settle()
        assert rows(at)[0].split()[-32:] == ["COPY", *words.split(), "/"]
        assert rows(at)[1].endswith("COPY a /")
        await at.press("down")
        assert at.app.screen.query_one(RowTable).cursor == 1
        await at.pilot.resize_terminal(110, 8)
        await at.settle()
        assert "word-29" not in rows(at)[0], "there is one line for each"
        await at.pilot.resize_terminal(80, 14)
        await at.settle()
        assert rows(at)[0].endswith("…"), "there are as many lines as fit"
        assert at.app.screen.query_one(RowTable).line_count() > 4


async def test_an_image_with_an_unreadable_layer_is_never_said_to_have_no_waste(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "image.tar", incomplete(layer(file("a", b"a" * 2000)), layer(file("b", bytes(9000)))))
    async with journey(path) as at:
        await at.press("w")
        await at.settle()
        assert "Unknown: layer 2 could not be read whole" in at.screen()
        for view, sentence in (
            ("6", "No package database was found in the layers that could be read"),
            ("7", "The dead bytes are unknown"),
            ("8", "not all files could be compared"),
            ("1", "No waste was found in the layers that could be read"),
        ):
            await at.press(view)
            await at.settle()
            assert sentence in at.screen()


async def test_the_map_has_one_box_for_all_small_files(tmp_path: Path) -> None:
    files = [file(f"d/{number}", b"x" * (500 if number < 10 else 1)) for number in range(200)]
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(*files)))) as at:
        await at.press("w", "4")
        await at.settle()
        rest = next(box for box in at.app.screen.query_one(Treemap)._boxes if box.entry.node is None)
        assert (rest.entry.name, rest.entry.size) == ("140 other entries", 140)
        await at.click(Treemap, rest.left, rest.top, times=2)
        await at.settle()
        assert len(rows(at)) > 20, "a double click on that box lists the folder"


async def test_arrows_and_enter_go_through_the_map_and_escape_comes_back(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w", "4")
        await at.settle()
        assert "var/ 90 kB" in at.screen()
        assert at.frame("size")[0] == "/  188 kB, 148 kB dead"
        start = at.text_of("#detail")
        assert start.startswith("/usr/bin/sh: 100 kB in 1 file")
        for key in ("right", "down", "left", "up"):
            before = at.text_of("#detail")
            await at.press(key)
            assert at.text_of("#detail") != before or key in ("left", "up")
        await at.press("home")
        chosen = at.text_of("#detail")
        await at.press("enter")
        await at.settle()
        await at.press("escape")
        await at.settle()
        assert at.text_of("#detail") == chosen
        assert at.frame("size")[0].startswith("/ ")


async def test_the_help_has_the_keys_of_the_view(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path), (160, 70)) as at:
        await at.press("w")
        for view, own, other in (("3", "Page up", "To the box above"), ("4", "To the box above", "Page up")):
            await at.press(view)
            await at.settle()
            await at.press("question_mark")
            assert own in at.screen()
            assert other not in at.screen()
            (back,) = [row for row in at.rows() if "or go back to where you were" in row]
            assert ("Left" in back) == (view == "3"), "in the map, the arrows go to other boxes"
            await at.press("escape")


async def test_names_of_files_cannot_control_the_terminal(tmp_path: Path) -> None:
    layers = layer(file(BIDI, b"x" * 5000)), layer(file(BIDI, b"y" * 5000), file("copy", b"y" * 5000))
    async with journey(docker_archive(tmp_path / "image.tar", image(*layers))) as at:
        screens = []
        for view in "12345678":
            await at.press("w" if view == "1" else view)
            await at.settle()
            screens.append(at.screen())
        assert not any("\u202e" in screen or "\x1b" in screen for screen in screens)
        assert "\\u202e\\x1b[31m\\\\[b]" in screens[-1]


async def test_only_the_rows_on_the_screen_are_built(tmp_path: Path) -> None:
    files = [file(f"d/{number}", b"x" * (number + 1)) for number in range(3000)]
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(*files)))) as at:
        await at.press("w", "3")
        await at.settle()
        await at.press("enter")
        await at.settle()
        table = at.app.screen.query_one(RowTable)
        on_demand, built = table._rows, set[int]()
        assert isinstance(on_demand, RowsOnDemand)

        def build(node: int) -> TableRow:
            built.add(node)
            return on_demand.build(node)

        table._rows = RowsOnDemand(on_demand.numbers, build)
        await at.press("end", "up", "down")
        assert rows(at)[-1].endswith("  0")
        assert len(built) <= 2 * table.size.height


async def test_packages_say_whether_the_sbom_lists_them(tmp_path: Path) -> None:
    status = "".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1\n\n" for name in ("curl", "nginx"))
    urls = ("pkg:deb/debian/nginx@1", "pkg:deb/debian/bash@5")
    packages = [{"externalRefs": [{"referenceType": "purl", "referenceLocator": url}]} for url in urls]
    recipe = image(layer(file("var/lib/dpkg/status", status.encode())))
    files = attested_files(recipe, "https://spdx.dev/Document", {"packages": packages})
    async with journey(write_tar(tmp_path / "app.tar", files)) as at:
        await at.press("w", "6")
        await at.settle()
        rows = [line.split()[-5:-1] for line in at.screen().splitlines() if "dpkg" in line]
        assert ["dpkg", "no", "curl", "1"] in rows
        assert ["dpkg", "yes", "nginx", "1"] in rows
        assert ["dpkg", "only", "bash", "5"] in rows
        await at.press("s", "s", "s", "s")
        await at.settle()
        assert "by difference from the SBOM" in at.screen()
        shown = [line.split()[-3] for line in at.screen().splitlines() if " dpkg " in line]
        assert shown[:3] == ["curl", "bash", "nginx"]
        await at.press("s", "end")
        await at.settle()
        assert "the SBOM of the image lists it, but it was not found in the image" in at.screen()


async def test_packages_that_a_layer_removed_are_below_a_line_and_open_their_dead_files() -> None:
    async with journey(MY_APP, (110, 35)) as at:
        await at.press("w", "6")
        await at.settle()
        assert "by size, 8" in at.screen()
        for order in ("size", "files", "name", "layer"):
            assert f"by {order}, " in at.screen()
            *_, line, removed = rows(at)
            assert "replaced, removed" in line
            assert removed.split()[-8:] == ["6.1", "kB", "6", "3", "-", "dpkg", "mini-httpd", "1.30-12"]
            await at.press("s")
            await at.settle()
        await at.press("end")
        assert "6.1 kB in 6 files of it still ship" in at.screen()
        await at.press("enter")
        await at.settle()
        assert "Dead files of mini-httpd 1.30-12 (dpkg), removed by layer 3" in at.screen()
        assert len(rows(at)) == 6


async def test_bars_are_shorter_where_instructions_would_be_cut() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("w", "2")
        await at.settle()
        narrow = at.rows()[3].index("layer ")
        await at.pilot.resize_terminal(200, 60)
        await at.settle()
        assert at.rows()[3].index("layer ") == narrow + 6, "the titles move with the columns"


async def test_a_secret_stands_out_without_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with journey(messy_image(tmp_path)) as at:
        await at.until(lambda: "secret" in at.title())
        title = next(part for part in at.strips()[0] if "secret" in part.text)
        assert title.style
        assert title.style.reverse
        await at.press("w")
        await at.settle()
        lines = [part for strip in at.strips() for part in strip if part.style and part.style.bold]
        secret, advice = (next(part for part in lines if words in part.text) for words in ("only hides it", "too late"))
        assert secret.style
        assert advice.style
        assert secret.style.color == advice.style.color


async def test_the_legend_of_the_bar_does_not_touch_it(tmp_path: Path) -> None:
    async with journey(messy_image(tmp_path)) as at:
        await at.press("w")
        await at.settle()
        bar, legend = at.rows()[2:4]
        assert bar.strip().startswith("█")
        assert legend.strip().startswith("▄ live")
