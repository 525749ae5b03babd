"""Keys that arrive together: held down, pasted, or typed while a screen opens."""

from pathlib import Path

from textual import events
from textual.widgets import Static

from layerscope.tui.comparison.screen import ComparisonScreen
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.file.screen import FileScreen
from layerscope.tui.file.text_view import TextView
from layerscope.tui.file_diff.screen import FileDiffScreen
from layerscope.tui.keys.order import LeftOnce, OpensLater
from layerscope.tui.size.screen import SizeScreen
from tests.builders import docker_archive, file, image, layer
from tests.tui.journeys import MY_APP, Journey, held_journey, journey

NAMES = {"/": "slash", "\r": "enter", "\t": "tab", "[": "left_square_bracket", "<": "less_than_sign", " ": "space"}


async def at_once(at: Journey, keys: str) -> None:
    """Send keys without waiting for what any of them does, then wait for all of it."""
    for key in keys:
        at.app.post_message(events.Key(NAMES.get(key, key), key))
    await at.settle()
    await at.until(lambda: not at.app._key_queue._waiting)
    await at.settle()


def small(tmp_path: Path) -> Path:
    base = layer(file("srv/page.py", b"class Page:\n    pass\n\nclass Other:\n"), file("srv/z"))
    return docker_archive(tmp_path / "small.tar", image(base, layer(file("srv/page.py", b"second\n"))))


async def test_each_key_acts_on_the_state_after_the_previous_key() -> None:
    async with journey(MY_APP) as at:
        await at_once(at, "gjjjjD")
        marked = at.explorer._state.marked
        assert marked == at.layer() > 1
        assert any(line.startswith(f"{marked}◆") for line in at.layers())
        await at_once(at, "jjy")
        assert at.app.clipboard == at.explorer._state.digest
        assert at.layer() > marked


async def test_keys_pressed_together_mark_and_compare_two_layers() -> None:
    async with journey(MY_APP) as at:
        await at_once(at, "[[D[D")
        assert isinstance(at.app.screen, ComparisonScreen)
        assert at.frame("files")[0] == "Changes from layer 4 to layer 3"


async def test_keys_after_enter_go_to_the_opened_file(tmp_path: Path) -> None:
    async with journey(small(tmp_path)) as at:
        await at_once(at, "\t[Zj\r/class\rn")
        assert isinstance(at.app.screen, FileScreen)
        assert "2 of 2 matches" in at.screen()
        await at.press("escape", "escape")
        assert at.explorer._state.settings.query is None


async def test_a_folder_is_unfolded_before_the_next_key_moves(tmp_path: Path) -> None:
    async with journey(small(tmp_path)) as at:
        await at_once(at, "\t\rj")
        assert at.at() == "/srv/page.py"
        await at_once(at, "h\rj")
        assert at.at() == "/srv", "closed again, there is nothing below it"


async def test_leaving_a_file_never_waits(tmp_path: Path) -> None:
    async with journey(small(tmp_path)) as at:
        await at_once(at, "\tZj\rq")
        assert at.app._exit


async def test_a_q_in_a_search_does_not_quit(tmp_path: Path) -> None:
    async with journey(small(tmp_path)) as at:
        await at_once(at, "\tZj\r/quit\r")
        assert isinstance(at.app.screen, FileScreen)
        assert "There is no match." in [each.message for each in at.app._notifications]


async def test_keys_wait_until_a_size_view_is_computed() -> None:
    async with journey(MY_APP) as at:
        await at_once(at, "w6jj")
        screen = at.app.screen
        assert isinstance(screen, SizeScreen)
        assert (screen._view, screen.body.table.cursor) == (5, 2)


async def test_page_down_scrolls_whole_pages_while_a_file_opens(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(1, 500)).encode()
    path = docker_archive(tmp_path / "long.tar", image(layer(file("f", text))))
    tops = []
    for keys in (["\t\r", " ", " "], ["\t\r  "]):
        async with journey(path) as at:
            for part in keys:
                await at_once(at, part)
            tops.append(at.app.screen.query_one(TextView).top)
    assert tops[0] == tops[1] > 2


async def test_every_scroll_key_in_the_help_counts() -> None:
    async with journey(MY_APP, (80, 24)) as at:
        await at.press("question_mark")
        await at_once(at, "jjjjj")
        assert at.app.screen.query_one("#keys").scroll_y == 5


async def test_keys_wait_until_a_comparison_is_computed(tmp_path: Path) -> None:
    async with journey(small(tmp_path)) as at:
        await at_once(at, "D[Dj\r")
        assert isinstance(at.app.screen, FileDiffScreen)
        assert "/srv/page.py" in at.screen()
        await at.press("escape")
        assert at.frame("files")[0] == "Changes from layer 2 to layer 1"
        assert "enter open" in at.key_line()
        assert "x extract" in at.key_line()


async def test_a_filter_typed_before_the_tree_is_read_leads_to_its_first_match() -> None:
    async with held_journey(MY_APP) as (at, reader):
        await at.filter("nginx.conf")
        await at.press("enter")
        reader.release()
        await at.settle()
        assert at.at() == "/etc/nginx/nginx.conf"


class NeverReady(LeftOnce[None], OpensLater):
    """A screen that keys wait for."""


async def test_keys_that_wait_for_a_screen_that_is_gone_go_nowhere() -> None:
    async with journey(MY_APP) as at:
        opening = NeverReady()
        await at.app.push_screen(opening)
        at.app.post_message(events.Key("i", "i"))
        await at.until(lambda: at.app._key_queue._waiting)
        opening.dismiss()
        await at.settle()
        assert "Platform" not in at.details()


async def test_a_screen_is_left_once_however_often_that_is_asked() -> None:
    async with journey(MY_APP) as at:
        await at.press("w")
        for _ in range(3):
            at.app.screen.call_later(at.app.screen.action_dismiss)
        await at.press("escape")
        assert at.explorer.is_active


async def test_the_first_screen_is_not_left() -> None:
    async with journey(MY_APP) as at:
        at.explorer.dismiss()
        await at.press("w", "escape")
        assert at.explorer.is_active


async def test_leaving_a_screen_leaves_what_covers_it() -> None:
    async with journey(MY_APP) as at:
        await at.press("w", "question_mark")
        size = at.app.screen_stack[1]
        assert isinstance(size, LeftOnce)
        size.dismiss()
        assert isinstance(at.app.screen, HelpScreen)
        size.leave()
        size.leave()
        await at.settle()
        assert at.explorer.is_active


async def test_a_click_on_what_has_just_been_removed_does_nothing() -> None:
    async with journey(MY_APP) as at:
        removed = Static("a line")
        await at.explorer.mount(removed, before=0)
        await at.settle()
        x, y = removed.region.offset
        await removed.remove()
        await at.app.on_event(events.MouseDown(None, x, y, 0, 0, 1, False, False, False))
        await at.settle()
        assert at.title()
