"""The file tree: views, folds, sizes, columns, and a cursor that stays on its path."""

from pathlib import Path

import pytest
from rich.text import Text

from layerscope.tui.drawing.glyphs import UNICODE
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.tree import nodes_in_view, pane
from layerscope.tui.tree.file_tree import FileTree, TreeHeader
from tests.builders import directory, docker_archive, file, hardlink, image, layer, symlink, whiteout
from tests.tui.journeys import MY_APP, journey


async def test_folders_unfold_and_fold_one_by_one() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "j", "j", "j")
        assert at.at() == "/etc"
        await at.press("space")
        assert at.tree()[4:6] == ["apt/", "group"]
        await at.press("space")
        assert at.tree()[4] == "home/"
        await at.press("enter", "l")
        assert at.at() == "/etc/apt"
        await at.press("l", "l")
        assert at.at() == "/etc/apt/sources.list.d"
        await at.press("h", "h")
        assert at.at() == "/etc/apt", "the first folds it, or goes up where it is folded"
        await at.press("left", "left")
        assert at.at() == "/etc"
        await at.press("left")
        assert at.tree()[4] == "home/"


async def test_all_folders_unfold_and_fold_together() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "Z")
        assert at.frame("files")[1].endswith("119 rows")
        await at.press("Z")
        assert at.frame("files")[1].endswith("16 rows")


async def test_plus_and_minus_set_the_depth_to_which_folders_are_unfolded() -> None:
    async with journey(MY_APP) as at:
        await at.press("plus", "plus")
        assert "apt/" in at.tree()
        assert "sources.list.d/" in at.tree()
        assert "pebble.sources" not in at.tree()
        await at.press("minus")
        assert "apt/" in at.tree()
        assert "sources.list.d/" not in at.tree()
        await at.press("minus", "minus", "minus")
        assert at.toasts()[-1] == "All folders are folded."


async def test_folders_that_all_fill_the_screen_are_folded_by_one_key(tmp_path: Path) -> None:
    archive = docker_archive(tmp_path / "image.tar", image(layer(file("etc/apt/sources"))))
    async with journey(archive, plain=False) as at:
        assert at.tree() == ["+ etc/", "+ apt/", "+ sources"]
        await at.press("Z")
        assert at.tree() == ["+ etc/"]
        await at.press("Z")
        assert at.tree() == ["+ etc/", "+ apt/", "+ sources"]
        assert not at.toasts()


async def test_the_cursor_stays_on_its_path_when_the_layer_changes() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "Z", "end", "up")
        assert at.at() == "/var/www/html/logo.svg"
        await at.press("left_square_bracket")
        assert at.layer() == 5
        assert at.at() == "/var/www/html", "the file is not there: the nearest folder is"
        await at.press("down")
        assert at.at() == "/var/www/html/index.html"
        await at.press("left_square_bracket", "left_square_bracket")
        assert (at.layer(), at.at()) == (3, "/var/www/html/index.html")
        await at.press("right_square_bracket")
        assert at.frame("files")[1].endswith("133 rows"), "all are open still, with what layer 4 removed"


@pytest.mark.parametrize("key", ["2", "a", "c"])
async def test_only_what_the_layer_changed_and_all_files_again(key: str) -> None:
    async with journey(MY_APP) as at:
        await at.press(key, "Z")
        assert at.tree() == ["var/", "www/", "html/", "+ Dockerfile", "~ index.html", "+ logo.svg", "+ style.css"]
        assert at.frame("files")[1].startswith("this layer's changes")
        await at.press("1" if key == "2" else key)
        await at.press("Z")
        assert len(at.tree()) == 16


async def test_only_what_the_layer_holds() -> None:
    async with journey(MY_APP) as at:
        await at.press("left_square_bracket", "a", "Z")
        assert at.frame("files")[1].startswith("this layer's changes")
        assert "~ nginx.conf" in at.tree()
        assert "~ app/" in at.tree()
        assert "boot/" not in at.tree()
        await at.press("a")
        assert at.frame("files")[1].startswith("all files")
        assert "boot/" in at.tree()


async def test_removed_files_are_shown_where_they_were() -> None:
    async with journey(MY_APP) as at:
        await at.press("left_square_bracket", "left_square_bracket", "c", "Z", "tab", "end")
        assert at.layer() == 4
        assert all(name.startswith("- ") or name.endswith("/") for name in at.tree())
        assert "removed by this layer, written by layer" in at.entry()


async def test_s_sorts_by_size_and_again_by_name() -> None:
    async with journey(MY_APP) as at:
        await at.press("s")
        assert at.tree()[:4] == ["usr/", "etc/", "var/", "srv/"]
        assert at.tree_lines()[0].split()[2:5] == ["106", "kB", "█" * 14]
        assert "by size" in at.frame("files")[1]
        await at.press("s")
        assert at.tree()[:2] == ["bin/", "boot/"]


async def test_the_size_of_a_folder_includes_everything_in_it(tmp_path: Path) -> None:
    base = layer(file("a/one", b"x" * 1000), file("a/b/two", b"x" * 500), hardlink("a/three", "a/one"), directory("c"))
    async with journey(docker_archive(tmp_path / "image.tar", image(base, layer(whiteout("a/one"))))) as at:
        await at.press("Z")
        assert "1.5 kB" in at.line_of("a/")
        assert "1.0 kB" in at.line_of("- one")
        await at.press("left_square_bracket")
        assert "1.5 kB" in at.line_of("+ a/")
        assert "= /a/one" in at.line_of("+ three")
        await at.press("tab", "slash", *"three", "enter")
        assert "/a/three = /a/one (hard link)" in at.screen()
        assert "hardlink" not in at.screen()
        await at.press("right_square_bracket")
        assert "/a/one" not in at.entry()
        assert "1,000 bytes" in at.entry()
        assert at.line_of("three").split()[:3] == ["three", "1.0", "kB"]


async def test_the_trace_shows_what_each_layer_did() -> None:
    async with journey(MY_APP) as at:
        await at.press(*["plus"] * 5)
        assert at.line_of("timezone").endswith("+···~·")
        await at.press("left_square_bracket", "Z")
        assert at.line_of("usr/").endswith("+·▪·▪·")


async def test_the_numbers_of_the_layers_stand_above_the_trace_with_the_chosen_one_highlighted() -> None:
    async with journey(MY_APP) as at:
        assert at.header().endswith("123456 ")
        await at.press("left_square_bracket", "left_square_bracket")
        header = at.files.query_one(TreeHeader).render_line(0)
        (chosen,) = [segment.text for segment in header if segment.style and segment.style.bold]
        assert chosen == "4"


async def test_a_click_on_a_cell_of_the_trace_or_on_its_number_goes_to_the_layer() -> None:
    async with journey(MY_APP) as at:
        place = at.header().index("3")
        await at.click(FileTree, place, 2)
        assert at.layer() == 3
        await at.click(TreeHeader, place + 2, 0)
        assert at.layer() == 5
        assert at.frame("files")[0] == "Files after layer 5"


async def test_a_trace_that_is_cut_says_so(tmp_path: Path) -> None:
    layers = [layer(file(f"file-{number}")) for number in range(1, 61)]
    async with journey(docker_archive(tmp_path / "deep.tar", image(*layers))) as at:
        assert at.header().strip().split()[1][0] == UNICODE.before
        assert at.header().rstrip().endswith("60")
        await at.press("home")
        assert at.header().rstrip().endswith(UNICODE.after)
        assert UNICODE.before not in at.header()


async def test_a_trace_of_few_layers_is_whole_beside_long_names(tmp_path: Path) -> None:
    layers = [layer(file(f"{number}-{'long-name' * 9}", b"x")) for number in range(6)]
    async with journey(docker_archive(tmp_path / "six.tar", image(*layers)), (110, 35)) as at:
        assert at.header().split() == ["size", "123456"]


async def test_a_pane_that_is_mostly_blank_shows_the_instruction_whole(tmp_path: Path) -> None:
    instruction = "RUN " + " ".join(f"word-{number}" for number in range(30))
    files = [file(f"file-{number}") for number in range(40)]
    layers = image(layer(*files), layer(file("last")), history=[{"created_by": instruction}] * 2)
    async with journey(docker_archive(tmp_path / "image.tar", layers), (110, 35), plain=False) as at:
        await at.press("tab")
        assert at.entry().endswith("…")
        await at.filter("file-39")
        assert at.entry().endswith(f"written by layer 1: {instruction}")
        await at.press("escape", "2")
        assert at.entry().endswith(f"added by layer 2: {instruction}")


async def test_the_folders_that_are_unfolded_do_not_depend_on_the_path_under_the_cursor(tmp_path: Path) -> None:
    files = [file(f"{folder}/{number}", bytes(size)) for size, folder in enumerate("dcba", 1) for number in range(10)]
    path = docker_archive(tmp_path / "image.tar", image(layer(*files, file(f"a/{'x' * 250}", bytes(9)))))
    async with journey(path, (110, 35), plain=False) as at:
        await at.press("tab")
        start = at.frame("files"), at.tree()[:20]
        await at.press("down")
        assert len(at.at()) > 250
        assert (at.frame("files"), at.tree()[:20]) == start


async def test_a_long_name_leaves_the_trace_its_room(tmp_path: Path) -> None:
    layers = [layer(file(f"{number}{'x' * 200}")) for number in range(8)]
    async with journey(docker_archive(tmp_path / "image.tar", image(*layers)), (110, 35)) as at:
        assert at.header().endswith(" 12345678 ")


async def test_the_longest_name_leaves_its_facts_on_the_screen(tmp_path: Path) -> None:
    name = "start" + "\x07" * 245 + "end"
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(file(name, b"x"))))) as at:
        await at.press("tab")
        assert at.entry().startswith("/start")
        assert "end -rw-r--r--" in at.entry()
        assert "1 byte" in at.screen()
        assert "added by layer 1" in at.screen()


async def test_what_a_layer_changed_has_its_own_sizes(tmp_path: Path) -> None:
    base = layer(file("a/one", b"x" * 5000), file("a/two", b"x" * 700), file("b", b"x"))
    top = layer(file("a/one", b"y" * 3000), whiteout("a/two"))
    async with journey(docker_archive(tmp_path / "image.tar", image(base, top))) as at:
        await at.press("a", "Z")
        assert at.frame("files")[0] == "What layer 2 changed · 3.0 kB · hides 5.7 kB, frees nothing"
        assert at.line_of("a/").split()[2:4] == ["3.0", "kB"]
        assert "3.0 kB written, 5.7 kB hidden below it" in at.entry()
        assert " 0 B" not in at.line_of("- two")
        assert "-700 B" in at.line_of("- two")
        await at.press("left_square_bracket")
        assert at.frame("files")[0] == "What layer 1 changed · 5.7 kB"
        assert "5.7 kB" in at.line_of("a/")


@pytest.mark.parametrize("keys", [("a", "a"), ("2", "1")])
async def test_another_scope_keeps_the_path_under_the_cursor(tmp_path: Path, keys: tuple[str, str]) -> None:
    base = layer(file("a/one", b"x" * 5000), file("a/three", b"x"), file("b", b"x"))
    archive = docker_archive(tmp_path / "image.tar", image(base, layer(file("a/one"), file("c"))))
    async with journey(archive) as at:
        await at.press("tab", "Z")
        await at.go_to_row("one")
        for key in keys:
            await at.press(key)
            assert at.at() == "/a/one"
        await at.press("down", keys[0])
        assert at.at() == "/a", "the nearest folder above a path that the layer does not have"


@pytest.mark.parametrize("key", ["a", "c", "s"])
async def test_a_key_pressed_twice_shows_the_same_lines_again(key: str) -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("tab", "Z", *["pagedown"] * 4, *["up"] * 6)
        start = at.at(), at.tree_lines()
        await at.press(key)
        assert at.tree_lines() != start[1]
        await at.press(key)
        assert (at.at(), at.tree_lines()) == start


async def test_columns_of_attributes_come_and_go() -> None:
    async with journey(MY_APP, (160, 40)) as at:
        await at.press("plus", "plus")
        assert "root:root" not in at.line_of("apt/")
        await at.press("o")
        assert "drwxr-xr-x root:root" in " ".join(at.line_of("apt/").split())
        await at.press("o")
        assert at.line_of("boot/").split()[1:6] == ["drwxr-xr-x", "root:root", "2025-06-15", "15:06", "1"]
        assert at.header().split()[:4] == ["mode", "owner", "modified", "layer"]
        await at.press("o")
        assert at.header().split() == ["size", "123456"]


LONG = "a-name-of-forty-cells-" + "x" * 18
"""A name for which a tree of 60 cells has room only where its bars are short."""


async def test_bars_make_room_for_the_names_on_the_screen(tmp_path: Path) -> None:
    files = [file(f"file-{number:02}", bytes(9)) for number in range(40)]
    path = docker_archive(tmp_path / "image.tar", image(layer(*files, file(f"z-{LONG}", bytes(9)))))
    async with journey(path, (120, 30)) as at:
        await at.press("tab")
        long_bar = at.tree_lines()[0].count("█")
        await at.press("end")
        assert f"z-{LONG}" in at.tree_lines()[-1]
        assert at.header().index("size") > at.tree_lines()[-1].index(LONG) + len(LONG)
        assert at.tree_lines()[0].count("█") < long_bar
        await at.press("home", "s", "s")
        assert at.tree_lines()[0].count("█") == long_bar, "the name is not on the screen any more"


async def test_a_name_uses_the_blank_cells_beside_it(tmp_path: Path) -> None:
    base = layer(file(LONG, b""), symlink("link", "to/" + "x" * 35), file("large", bytes(9)))
    async with journey(docker_archive(tmp_path / "image.tar", image(base, layer(whiteout(LONG)))), (100, 30)) as at:
        assert LONG in at.line_of("- " + LONG), "a file that was removed and was empty shows no size and no bar"
        assert "x" * 35 in "".join(at.tree_lines())


async def test_an_owner_that_is_too_long_moves_no_column(tmp_path: Path) -> None:
    base = layer(file("large", uid=4_000_000, gid=4_000_000), file("small"))
    async with journey(docker_archive(tmp_path / "image.tar", image(base)), (120, 30)) as at:
        await at.press("o")
        assert "4000000:40… " in at.line_of("large")
        assert len(at.line_of("large")) == len(at.line_of("small"))


async def test_the_details_describe_the_entry_under_the_cursor() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "plus", "plus", *["j"] * 12)
        assert at.at() == "/etc/mime.types"
        assert at.entry().startswith("/etc/mime.types → nginx/mime.types lrwxrwxrwx · root:root · 20")
        assert "UTC · symlink written by layer 5: RUN " in at.entry()
        await at.press("left_square_bracket")
        assert "symlink modified by layer 5: RUN " in at.entry()


async def test_copies_the_path_or_the_digest() -> None:
    async with journey(MY_APP) as at:
        await at.press("y")
        assert at.app.clipboard.startswith("sha256:630d670c")
        await at.press("tab", "j", "y")
        assert at.app.clipboard == "/boot"
        assert "/boot" in at.screen().split("Copied")[1]


async def test_an_unprintable_name_is_copied_escaped(tmp_path: Path) -> None:
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(file("a\x1b[2Jb"))))) as at:
        await at.press("tab", "y")
        assert at.app.clipboard == "/a\\x1b[2Jb"


async def test_thousands_of_nested_folders(tmp_path: Path) -> None:
    path = "/".join(["d"] * 2000)
    async with journey(docker_archive(tmp_path / "deep.tar", image(layer(file(f"{path}/end", b"x"))))) as at:
        await at.press("Z", "tab", "end")
        await at.settle()
        assert at.frame("files")[1].endswith("2,001 rows")
        assert at.tree()[-3:] == ["+ d/", "+ d/", "+ end"]
        assert at.at().endswith("/d/d/end")
        await at.press("h", "h", "Z", "Z")
        assert at.tree() == ["+ d/"]


async def test_keys_work_while_rows_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = layer(*(file(f"folder-{number % 40}/file-{number:05}") for number in range(2_000)))
    async with journey(docker_archive(tmp_path / "many.tar", image(many))) as at:
        await at.press("tab")
        monkeypatch.setattr(pane, "FIRST_SLICE", -1)
        monkeypatch.setattr(pane, "NEXT_SLICE", -1)
        monkeypatch.setattr(nodes_in_view, "_NODES_A_BATCH", 10)
        at.explorer.panes.action_toggle_all()
        at.explorer.file_tree.move_to(3)
        await at.settle()
        assert at.at() == "/folder-11", "where the cursor was sent"
        assert at.frame("files")[1].endswith("2,040 rows")
        at.explorer.action_scope()
        at.explorer.file_tree.action_toggle_fold()
        await at.settle()
        assert at.frame("files")[1].endswith("1,990 rows"), "all but the 50 of the folder that was folded meanwhile"


async def test_rows_stay_until_those_that_replace_them_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "Z", "end", "up", "up")
        tree, place, caption = at.tree(), at.at(), at.frame("files")[1]
        monkeypatch.setattr(pane, "FIRST_SLICE", -1)
        monkeypatch.setattr(nodes_in_view, "_NODES_A_BATCH", 10)
        at.explorer.action_layer(-1)
        assert (at.tree(), at.frame("files")[1]) == (tree, "all files · by name · counting rows")
        await at.settle()
        assert at.frame("files")[0] == "Files after layer 5"
        await at.press("right_square_bracket")
        await at.settle()
        assert (at.at(), at.frame("files")) == (place, ("Files after layer 6", caption))


async def test_links_and_empty_folders(tmp_path: Path) -> None:
    base = layer(symlink("link", "some/where"), directory("empty"), symlink("[red]", "[/]"))
    async with journey(docker_archive(tmp_path / "image.tar", image(base))) as at:
        assert at.tree() == ["+ [red]", "+ empty/", "+ link"]
        assert "→ [/]" in at.line_of("[red]")
        await at.press("tab", "j", "space", "l", "h")
        assert at.tree() == ["+ [red]", "+ empty/", "+ link"]


async def test_enter_opens_the_file_of_the_chosen_layer(tmp_path: Path) -> None:
    first = layer(file("etc/conf", b"the first text"))
    path = docker_archive(tmp_path / "two.tar", image(first, layer(file("etc/conf", b"the second text"))))
    async with journey(path) as at:
        await at.press("left_square_bracket", "tab", "Z", "down", "enter")
        await at.settle()
        assert isinstance(at.app.screen, FileScreen)
        assert "the first text" in at.screen()
        await at.press("escape")
        assert at.at() == "/etc/conf"


async def test_a_file_that_the_layer_removed_can_be_read_as_it_was(tmp_path: Path) -> None:
    gone = image(layer(file("etc/conf", b"the only text")), layer(whiteout("etc/conf")))
    async with journey(docker_archive(tmp_path / "gone.tar", gone)) as at:
        await at.press("tab", "Z", "down")
        assert at.tree()[1] == "- conf"
        await at.press("enter")
        await at.settle()
        assert "the only text" in at.screen()


async def test_attribute_columns_replace_bars_and_traces_first() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("tab", "down", "o", "o")
        row = at.line_of("boot/")
        for word in ("drwxr-xr-x", "root:root", "2025-06-15", "0 B"):
            assert word in row


async def test_enter_or_space_on_an_empty_folder_stays_in_the_tree_and_says_so() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "down")
        for key in ("enter", "space", "right"):
            at.app.clear_notifications()
            await at.press(key)
            assert at.at() == "/boot"
            assert isinstance(at.app.screen, ExplorerScreen)
            assert at.toasts() == ["There is nothing below this path to unfold."]


async def test_the_history_of_a_path_leads_to_any_version_and_back() -> None:
    async with journey(MY_APP) as at:
        await at.press("H")
        assert at.toasts() == ["The history is that of a path: choose one in the files."]
        await at.press("tab", "Z")
        await at.go_to_row("nginx.conf")
        await at.press("H")
        await at.settle()
        assert type(at.app.screen).__name__ == "HistoryScreen"
        await at.press("d")
        await at.settle()
        assert type(at.app.screen).__name__ == "FileDiffScreen"
        await at.press("escape")
        assert type(at.app.screen).__name__ == "HistoryScreen"
        await at.press("up", "enter")
        await at.settle()
        assert type(at.app.screen).__name__ == "FileScreen"
        assert "version 1 of 2" in at.screen()
        await at.press("escape", "escape")
        assert at.at() == "/etc/nginx/nginx.conf"


async def test_sizes_are_whole_beside_a_scrollbar(tmp_path: Path) -> None:
    files = [file(f"folder/{number}", bytes(252_000)) for number in range(60)]
    async with journey(docker_archive(tmp_path / "image.tar", image(layer(*files)))) as at:
        await at.press("tab", "o")
        assert at.tree() == ["+ folder/"]
        await at.press("Z")
        assert at.files.file_tree.show_vertical_scrollbar
        assert all(line.endswith("252 kB") for line in at.tree_lines()[1:])


async def test_the_details_are_as_high_as_their_text_if_the_screen_is_laid_out_between_two_texts() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("tab")
        details = at.files.entry_details
        details._put(Text("1\n2\n3\n4\n5"))
        # another widget in the pane wants to be laid out, before this one has said that it does
        at.files._clear_arrangement_cache()
        at.app.screen._refresh_layout()
        details._put(Text("1\n2\n3"))
        await at.settle()
        assert details.size.height == 3


async def test_the_details_fit_another_width() -> None:
    async with journey(MY_APP, (160, 45)) as at:
        await at.press("tab", "Z")
        await at.go_to_row("nginx-debug")
        whole, height = at.entry(), at.files.entry_details.size.height
        await at.pilot.resize_terminal(50, 45)
        await at.settle()
        assert at.files.entry_details.size.height > height
        assert at.entry() != whole
        await at.pilot.resize_terminal(160, 45)
        await at.settle()
        assert (at.entry(), at.files.entry_details.size.height) == (whole, height)
