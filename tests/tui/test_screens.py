"""The explorer as a whole: panes, help, chooser, palette, mouse, themes, sizes, and unsafe names."""

import gc
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import events

from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.dialogs.palette import Command, CommandList, PaletteScreen
from layerscope.tui.drawing.glyphs import ASCII, UNICODE, Glyphs, glyphs_for_locale
from layerscope.tui.explorer.layer_list import LayerList
from layerscope.tui.explorer.screen import ExplorerScreen
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.images.chooser import ChooserScreen
from layerscope.tui.size.screen import SizeScreen
from layerscope.tui.tree.file_tree import FileTree, TreeHeader
from layerscope.tui.widgets.key_line import KeyLine
from tests.builders import docker_archive, file, image, layer
from tests.samples import SAMPLES
from tests.tui.journeys import MY_APP, Journey, choosing, journey
from tests.tui.size.messy import messy_image

pytestmark = pytest.mark.thorough

SIZES = [(80, 24), (160, 45), (200, 60)]


async def test_garbage_is_collected_once_the_first_screen_is_shown() -> None:
    gc.disable()
    try:
        async with journey(MY_APP) as at:
            await at.until(gc.isenabled)
    finally:
        gc.enable()


async def test_tab_goes_round_the_panes() -> None:
    async with journey(MY_APP, (110, 60)) as at:
        assert at.focused() == "LayerList"
        await at.press("tab")
        assert at.focused() == "LayerFileTree"
        await at.press("tab")
        assert at.focused() == "LayerList", "the details fit their place"
        await at.press("shift+tab")
        assert at.focused() == "LayerFileTree"


async def test_tab_visits_details_that_do_not_fit() -> None:
    async with journey(MY_APP, (110, 24)) as at:
        await at.press("tab", "tab")
        assert at.focused() == "FieldList"
        before = at.explorer.panes.details.scroll_offset.y
        await at.press("down")
        assert at.explorer.panes.details.scroll_offset.y == before + 1
        await at.press("tab")
        assert at.focused() == "LayerList"


async def test_tab_visits_details_that_a_small_screen_hides() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("tab", "tab")
        assert at.focused() == "FieldList"
        details = at.explorer.panes.details
        await at.press("j", "j", "j")
        assert details.scroll_y == min(3, details.max_scroll_y)
        await at.press("G")
        assert details.scroll_y == details.max_scroll_y > 0
        await at.press("g")
        assert details.scroll_y == 0


async def test_the_details_of_the_image_are_shown_on_a_small_screen_too() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("tab", "i")
        assert at.explorer.panes.details.is_on_screen
        assert "Platform" in at.details()


async def test_the_size_view_has_its_own_help() -> None:
    async with journey(MY_APP) as at:
        await at.press("w", "question_mark")
        # the key waits until the view has been computed
        await at.settle()
        assert isinstance(at.app.screen, HelpScreen)
        assert "Go to the view of that number" in at.screen()


async def test_zooming_and_back_leaves_the_steps_as_they_were() -> None:
    async with journey(MY_APP, (160, 45)) as at:
        shown = at.layers()
        await at.press("z", "z")
        assert at.layers() == shown
        assert not at.explorer.layer_list.show_vertical_scrollbar, "all lines are on the screen"


async def test_names_of_size_views_are_not_split() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("w")
        await at.settle()
        assert any("7 dead" in line for line in at.rows())


async def test_the_key_line_shows_that_there_are_more_keys() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        assert at.key_line().endswith("… ?")
    async with journey(MY_APP, (260, 60)) as at:
        assert not at.key_line().endswith("… ?")


@pytest.mark.parametrize(("asked", "found"), [("C", ASCII), ("POSIX", ASCII), ("C.UTF-8", UNICODE), ("", UNICODE)])
def test_the_c_locale_uses_ascii(monkeypatch: pytest.MonkeyPatch, asked: str, found: Glyphs) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_CTYPE", asked)
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "utf-8")
    assert glyphs_for_locale() is found


async def test_all_of_the_screen_is_ascii_in_the_c_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    async with journey(MY_APP, (110, 40)) as at:
        assert "sha256:630d670c35835a25~" in at.screen()
        assert at.screen().isascii()
        await at.press("ctrl+p")
        assert at.screen().isascii(), "the palette, too"


async def test_the_help_explains_marks_and_bars_before_the_keys() -> None:
    for size in ((80, 24), (160, 45)):
        async with journey(MY_APP, size) as at:
            await at.press("question_mark")
            shown = at.screen()
            assert shown.index("+ added") < shown.index("dead: hidden") < shown.index("Show all keys")


async def test_the_help_has_two_columns_where_there_is_room() -> None:
    async with journey(MY_APP, (160, 45)) as at:
        await at.press("question_mark")
        assert "Anywhere" in at.screen()
        assert "In any list" in at.screen(), "all of it is on one screen"
        await at.pilot.resize_terminal(80, 24)
        await at.until(lambda: "In any list" not in at.screen())
        await at.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert "In the filter" in at.screen()


async def test_the_key_line_has_coloured_keys_and_no_underlines() -> None:
    async with journey(MY_APP, (160, 45)) as at:
        segments = [segment for segment in at.strips()[-1] if segment.text.strip()]
        styles = {segment.text.strip(): segment.style for segment in segments}
        key, label = styles["w"], styles["size"]
        assert key is not None
        assert label is not None
        assert key.color != label.color
        assert key.bold
        assert not any(segment.style and segment.style.underline for segment in segments)


async def test_help_lists_every_key() -> None:
    async with journey(MY_APP, (110, 70)) as at:
        await at.press("question_mark")
        shown = at.screen()
        for binding in [*ExplorerScreen.BINDINGS, *FileTree.BINDINGS]:
            assert not isinstance(binding, tuple)
            words = " ".join(binding.tooltip.split()[:4]) if binding.tooltip else binding.description
            assert words in shown or "depth" in words, f"the help lists {binding.key}"


async def test_keys_that_close_the_help() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        for key in ("escape", "question_mark", "q", "enter"):
            await at.press("question_mark", "j", "down", "k")
            assert isinstance(at.app.screen, HelpScreen)
            await at.press(key)
            assert isinstance(at.app.screen, ExplorerScreen), key


async def test_q_quits() -> None:
    async with journey(MY_APP) as at:
        await at.press("q")
        assert at.app.return_code == 0


@pytest.mark.parametrize("keys", [(), ("tab", "slash", "a"), ("question_mark",), ("x", "ctrl+c"), ("w",)])
async def test_ctrl_c_quits_on_every_screen(keys: tuple[str, ...]) -> None:
    async with journey(MY_APP) as at:
        await at.press(*keys, "ctrl+c")
        assert at.app.return_code == 0


async def test_ctrl_c_copies_selected_text() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "slash", "a", "b", "shift+left", "ctrl+c")
        assert at.app.clipboard == "b"
        assert at.app.return_code is None


async def test_markup_in_the_name_of_an_image_is_text(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "odd.tar", image(layer(file("[b]x[/]")), layer(file("y")), tags=["[red]x[/y:1"]))
    async with journey(path) as at:
        assert at.title().startswith("[red]x[/y:1")
        assert "+ y" in at.tree()
        await at.press("D", "left_square_bracket", "D")
        assert at.title().startswith("[red]x[/y:1")


async def test_chooses_one_of_several_platforms() -> None:
    async with choosing(SAMPLES / "platforms.oci.tar", (80, 24)) as at:
        assert isinstance(at.app.screen, ChooserScreen)
        assert "linux/arm64" in at.screen()
        await at.press("j", "down", "k", "enter")
        await at.until(lambda: isinstance(at.app.screen, ExplorerScreen))
        await at.settle()
        assert "linux/arm64" in at.screen()
        await at.press("tab")
        assert {"etc/", "usr/"} <= set(at.tree())
        at.app.resources.close()


async def test_quits_without_a_choice() -> None:
    async with choosing(SAMPLES / "platforms.oci.tar") as at:
        await at.press("q")
        assert at.app.return_code == 0


def palette(at: Journey) -> Sequence[Command]:
    """Return the commands that the palette lists."""
    assert isinstance(at.app.screen, PaletteScreen)
    return at.app.screen.list.commands


async def test_keys_for_an_empty_palette_do_nothing() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        for key in ("ctrl+p", *"zzz", "pagedown", "pageup", "down", "enter", "end"):
            at.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await at.pilot.resize_terminal(20, 5)
        await at.settle()
        assert palette(at) == []
        await at.press("escape")
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_the_palette_can_quit() -> None:
    async with journey(MY_APP) as at:
        await at.press("ctrl+p")
        await at.write("leave the program")
        await at.press("enter")
        await at.until(lambda: at.app.return_code == 0)


async def test_a_palette_that_is_left_at_once_is_gone() -> None:
    async with journey(MY_APP) as at:
        for _ in range(3):
            at.app.action_command_palette()
            at.app.screen.dismiss()
        await at.settle()
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_what_a_palette_runs_replaces_a_palette_opened_in_between() -> None:
    async with journey(MY_APP) as at:
        await at.press("ctrl+p")
        await at.write("theme")
        chosen = at.app.screen
        assert isinstance(chosen, PaletteScreen)
        chosen.action_choose()
        at.app.action_command_palette()
        await at.settle()
        assert isinstance(at.app.screen, PaletteScreen)
        assert at.app.theme in {command.title for command in palette(at)}
        await at.press("escape")
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_the_palette_finds_a_command_by_what_it_does_and_runs_it_by_a_click() -> None:
    async with journey(MY_APP) as at:
        await at.press("ctrl+p")
        await at.write("dead")
        assert [command.key for command in palette(at)] == ["w 7", "w", "w 2"]
        await at.click(CommandList, 3, 0)
        await at.until(lambda: isinstance(at.app.screen, SizeScreen))
        await at.until(lambda: "deleted" in at.screen())


async def test_the_palette_finds_commands_by_words_of_their_names_and_of_what_they_do() -> None:
    async with journey(MY_APP) as at:
        await at.press("ctrl+p")
        commands = palette(at)
        assert len({command.title for command in commands}) == len(commands), "no entry twice"
        assert [command.title for command in commands if not command.key] == ["Theme"]
        found = dict[str, list[str]]()
        for text in ("compare", "image compare", "packages", "a a a w 6"):
            await at.write(text)
            found[text] = [f"{command.title}, {command.key}" for command in palette(at)]
            await at.press(*["backspace"] * len(text))
        assert {"Compare with previous, d", "Compare two layers, D", "Compare with another image, C"} <= {
            *found["compare"]
        }
        assert found["image compare"] == ["Compare with another image, C"]
        assert found["packages"] == ["Size: packages, w 6"]
        assert not found["a a a w 6"]


async def test_the_key_line_of_a_small_screen_begins_with_what_is_worth_most() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        labels = ("enter go in", "/ filter", "w size", "d D diff", "x extract", "H history", "q quit")
        assert at.key_line().startswith("  ".join(labels))


async def test_over_a_dialog_the_palette_has_its_commands_and_does_not_quit() -> None:
    async with journey(MY_APP) as at:
        await at.press("question_mark", "ctrl+p")
        assert {"Close", "Page down"} < {command.title for command in palette(at)}
        await at.write("q")
        await at.press("enter")
        assert isinstance(at.app.screen, PaletteScreen), "nothing to run"
        await at.press("backspace", "enter")
        await at.until(lambda: isinstance(at.app.screen, ExplorerScreen))


async def test_the_palette_changes_the_theme() -> None:
    async with journey(MY_APP) as at:
        await at.press("ctrl+p")
        await at.write("theme")
        await at.press("enter")
        await at.write("layerscope-light")
        await at.press("enter")
        assert at.app.theme == "layerscope-light"
        assert isinstance(at.app.screen, ExplorerScreen)


async def test_the_command_palette_runs_the_commands_of_keys() -> None:
    async with journey(MY_APP) as at:
        await at.press("ctrl+p")
        titles = {command.title for command in palette(at)}
        assert {"Sort", "Columns", "Quit", "Theme"} <= titles
        assert "Next match" not in titles, "there is no filter"
        await at.press("ctrl+p")
        await at.write("sort")
        assert palette(at)[0].title == "Sort"
        await at.settle()
        await at.press("enter")
        await at.until(lambda: isinstance(at.app.screen, ExplorerScreen))
        await at.until(lambda: at.tree()[0] == "usr/")


async def test_the_command_palette_has_the_keys_of_each_screen() -> None:
    async with journey(MY_APP) as at:
        await at.press("tab", "slash")
        await at.write("nginx.conf")
        await at.press("enter", "enter")
        await at.settle()
        assert isinstance(at.app.screen, FileScreen)
        await at.press("ctrl+p")
        titles = [command.title for command in palette(at)]
        assert "Wrap" in titles
        assert "Sort" not in titles
        assert len(titles) == len(set(titles)), "each once, however many keys it has"
        await at.write("hex")
        await at.settle()
        await at.press("enter")
        await at.until(lambda: isinstance(at.app.screen, FileScreen))
        await at.until(lambda: "00000000" in at.screen())


async def test_the_mouse_chooses_folds_and_scrolls() -> None:
    async with journey(MY_APP) as at:
        await at.click(LayerList, 5, 1)
        assert at.layer() == 1
        await at.click(FileTree, 8, 3)
        assert (at.at(), at.focused()) == ("/etc", "LayerFileTree")
        assert at.tree()[4] == "+ home/"
        await at.click(FileTree, 2, 3)
        assert at.tree()[4] == "+ apt/"
        await at.click(FileTree, 8, 3, times=2)
        assert at.tree()[4] == "+ home/"
        await at.press("Z")
        await at.pilot._post_mouse_events([events.MouseScrollDown], FileTree, (5, 5))
        await at.pilot.pause()
        assert at.explorer.file_tree.scroll_offset.y > 0
        await at.click(KeyLine, at.key_line().index("? help") + 1, 0)
        assert isinstance(at.app.screen, HelpScreen)


async def click_words(at: Journey, words: str) -> None:
    line = next(number for number, row in enumerate(at.rows()) if words in row)
    await at.pilot.click(offset=(at.rows()[line].index(words) + 1, line))
    await at.settle()


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_words_below_the_tree_switch_what_they_say_when_they_are_clicked(size: tuple[int, int]) -> None:
    async with journey(MY_APP, size) as at:
        await at.press("tab")
        for words, others in (
            ("all files", "this layer's changes"),
            ("this layer's changes", "all files"),
            ("by name", "by size"),
            ("by size", "by name"),
        ):
            await click_words(at, words)
            assert others in at.frame("files")[1]


@pytest.mark.parametrize("size", [(160, 45), (80, 24)])
async def test_dead_bytes_and_secrets_of_the_title_open_their_lists(tmp_path: Path, size: tuple[int, int]) -> None:
    async with journey(messy_image(tmp_path), size) as at:
        await at.until(lambda: "1 secret" in at.title())
        await click_words(at, " dead")
        assert at.frame("size")[0] == "Dead"
        await at.press("escape", "escape")
        await at.settle()
        await click_words(at, "1 secret")
        assert at.frame("size")[0] == "Secrets"


async def test_the_cursor_is_seen_in_every_theme() -> None:
    async with journey(MY_APP, theme="layerscope-dark") as at:
        await at.press("Z", "tab", "j")
        for theme in ("layerscope-dark", "layerscope-light", "ansi-dark", "ansi-light", "textual-dark"):
            at.app.theme = theme
            await at.settle()
            cursor, other = (at.explorer.file_tree.render_line(y)._segments[-1].style for y in (1, 2))
            assert cursor != other, theme
            layers = at.explorer.layer_list
            waits_at = layers.lines_of(layers.cursor).start - layers.scroll_offset.y
            waiting, other = (layers.render_line(y)._segments[-1].style for y in (waits_at, waits_at - 1))
            assert waiting != other, "and where it waits as well"


async def test_chosen_numbers_are_readable_in_any_colours_of_the_terminal() -> None:
    async with journey(MY_APP, theme="ansi-dark") as at:
        await at.press("tab", "left_square_bracket", "left_square_bracket")
        (number,) = [part for part in at.files.query_one(TreeHeader).render_line(0) if part.text == "4"]
        assert number.style
        assert number.style.reverse
        assert number.style.bgcolor is None or number.style.bgcolor.is_default, "no colour that may be as light"


async def test_a_theme_is_changed_while_it_runs() -> None:
    async with journey(MY_APP) as at:
        before = at.explorer.file_tree.render_line(3)._segments[1].style
        at.app.theme = "layerscope-light"
        await at.pilot.pause()
        assert at.explorer.file_tree.render_line(3)._segments[1].style != before


async def test_no_color_leaves_shades_of_grey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with journey(MY_APP) as at:
        await at.press("c", "Z")
        assert "+ logo.svg" in at.tree()
        colors = [segment.style.color for strip in at.strips() for segment in strip if segment.style]
        triplets = [color.triplet for color in colors if color is not None and color.triplet is not None]
        assert triplets
        assert all(red == green == blue for red, green, blue in triplets)


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_no_color_in_a_theme_of_the_terminals_colours(monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with journey(MY_APP, theme=theme) as at:
        await at.press("tab", "down")
        styles = {segment.text: segment.style for strip in at.strips() for segment in strip if segment.style}
        colors = [color for style in styles.values() for color in (style.color, style.bgcolor) if color is not None]
        assert all(color.is_default for color in colors), "black on black in Textual's own filter"
        row = next(strip for strip in at.strips() if f" {at.at()[1:]}/ " in strip.text)
        assert any(segment.style and segment.style.reverse for segment in row), "the cursor is seen"
        await at.press("slash")
        assert at.app.focused is not None
        assert at.app.focused.get_component_rich_style("input--cursor").reverse, "it blinks"


@pytest.mark.parametrize(
    ("keys", "row", "look"),
    [
        (("x", "tab"), "replace existing files", "reverse"),
        (("ctrl+p",), "Go into the layer", "underline"),
    ],
)
async def test_no_color_shows_what_has_the_focus(
    monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], row: str, look: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with journey(MY_APP, theme="ansi-dark") as at:
        await at.press(*keys)
        await at.settle()
        shown = next(strip for strip in at.strips() if row in strip.text)
        assert any(segment.style and getattr(segment.style, look) for segment in shown)


@pytest.mark.parametrize("size", [(80, 24), (110, 30)])
async def test_a_locale_without_unicode(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda do_setlocale=True: "ANSI_X3.4-1968")  # noqa: ARG005
    async with journey(MY_APP, size) as at:
        assert at.screen().isascii()
        await at.press("tab", "Z", "i", "slash", "n", "o")
        assert at.screen().isascii()
        await at.press("escape", "question_mark")
        assert at.screen().isascii()


@pytest.mark.parametrize("size", SIZES)
async def test_the_explorer_fills_a_terminal_of_any_size_and_names_have_room(size: tuple[int, int]) -> None:
    async with journey(MY_APP, size) as at:
        assert {len(row) for row in at.rows()} == {size[0]}
        assert len(at.rows()) == size[1]
        assert at.title().endswith("154 kB dead (56 %)")
        assert "? help" in at.key_line() or at.key_line().endswith("… ?")
        assert at.layers()[-1].strip()
        await at.press("plus", "plus", "tab", "o", "o")
        assert "etc/" in at.tree(), "names have room, whatever the columns"
        assert at.explorer.file_tree.size.height > size[1] // 3


async def test_a_key_that_changes_a_pane_shows_it_on_a_small_screen() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        for key in ("s", "1", "o", "Z", "plus", "2", "1", "a", "c"):
            assert at.focused() == "LayerList"
            await at.press(key)
            assert at.focused() == "LayerFileTree", key
            assert at.explorer.file_tree.is_on_screen
            await at.press("shift+tab")
        for key in ("e", "D"):
            await at.press("tab")
            assert at.focused() == "LayerFileTree"
            await at.press(key)
            assert at.explorer.layer_list.is_on_screen, key


async def test_a_small_screen_says_in_one_line_why_a_pane_cannot_be_zoomed() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("z")
        assert at.toasts() == ["There is room for one pane only: Tab shows the next."]
        assert at.toasts()[0] in at.screen()


async def test_the_window_changes_its_size() -> None:
    async with journey(MY_APP, (200, 60)) as at:
        await at.press("Z", "tab", "end")
        for width, height in [(80, 24), (40, 10), (20, 5), (110, 30)]:
            await at.pilot.resize_terminal(width, height)
            await at.settle()
        assert at.at() == "/var/www/html/style.css"
        assert at.tree()[-1] == "+ style.css"


async def test_a_long_image_name_is_cut_before_its_figures(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a")), tags=["registry.example/" + "long/" * 30]))
    async with journey(path, (80, 24)) as at:
        assert at.title().startswith("registry.exa")
        assert at.title().endswith(" · 0 B in 1 layer (10 kB stored) · no dead bytes")
    path = docker_archive(tmp_path / "image.tar", image(layer(file("a")), tags=["my-application:v1"]))
    async with journey(path, (80, 24)) as at:
        assert at.title().startswith("my-application:v1 · 0 B"), "of a short name, the platform is left out instead"


def _is_harmless(character: str) -> bool:
    return character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


async def test_names_from_an_image_never_reach_the_terminal_raw() -> None:
    async with journey(SAMPLES / "odd-names.tar", (80, 180)) as at:
        await at.press("tab", "Z", "o")
        seen = at.screen()
        for row in range(160):
            at.explorer.file_tree.cursor = row
            at.explorer.files.show_entry()
            seen += str(at.explorer.files.entry_details.content)
        assert "\\x1b[2J\\x1b[Hscreen cleared" in seen
        assert "[bold]" in seen
        assert set(filter(lambda character: not _is_harmless(character), seen)) == set()


async def test_instructions_never_reach_the_terminal_raw(tmp_path: Path) -> None:
    odd = "RUN \x1b[2J [/red] [bold] \u202eevil\r\n\x07"
    history = [{"created_by": odd, "comment": odd, "author": odd, "created": odd}]
    config = {"Env": [odd], "Labels": {odd: odd}, "Cmd": [odd], "User": odd, "WorkingDir": odd}
    tags = ["[/b]\x1b[2J:1"]
    path = docker_archive(tmp_path / "odd.tar", image(layer(file("a")), history=history, config=config, tags=tags))
    async with journey(path, (160, 60)) as at:
        seen = at.screen()
        await at.press("i")
        seen += at.screen()
        assert "[/red] [bold]" in seen
        assert set(filter(lambda character: not _is_harmless(character), seen)) == set()
