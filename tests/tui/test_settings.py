"""The user's settings on the screens."""

from pathlib import Path

import pytest

from layerscope.tui.size.screen import SizeScreen
from tests.tui.journeys import MY_APP, journey, starting


def configure(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text)


async def test_theme_sort_columns_depth_and_units_come_from_the_settings(own_settings: Path) -> None:
    configure(own_settings, 'theme = "nord"\nsort = "size"\ncolumns = ["mode"]\nunfold = 1\nunits = "binary"\n')
    async with journey(MY_APP, plain=False) as at:
        assert at.app.theme == "nord"
        assert at.tree()[0] == "usr/"
        assert "lib/" in at.tree(), "the first folders are unfolded"
        assert "KiB" in at.title()
        assert "rwxr-xr-x" in at.tree_lines()[0] or "0755" in at.tree_lines()[0]
    async with journey(MY_APP, plain=False) as at:
        await at.press("o")
        assert at.explorer._state.settings.columns == ()


async def test_what_is_changed_on_the_screen_is_there_the_next_time() -> None:
    async with journey(MY_APP, plain=False) as at:
        before = at.explorer._state.settings.sort
        await at.press("s", "o")
        at.app.theme = "dracula"
        await at.pilot.pause()
    async with journey(MY_APP, plain=False) as at:
        assert at.explorer._state.settings.sort is not before
        assert at.explorer._state.settings.columns == ("mode", "owner")
        assert at.app.theme == "dracula"


async def test_a_command_may_have_another_key_which_the_key_line_and_the_help_show(own_settings: Path) -> None:
    configure(own_settings, '[keys]\n"explorer.size" = "W"')
    async with journey(MY_APP, (200, 60)) as at:
        assert "W size" in at.key_line()
        await at.press("w")
        assert len(at.app.screen_stack) == 1, "the old key does nothing"
        await at.press("question_mark")
        assert "  W " in at.screen()
        await at.press("escape", "W")
        assert isinstance(at.app.screen, SizeScreen)


@pytest.mark.parametrize(("written", "pressed"), [("!", "exclamation_mark"), ("f5", "f5"), ("ctrl+s", "ctrl+s")])
async def test_a_key_is_written_as_it_is_typed_or_by_its_name(own_settings: Path, written: str, pressed: str) -> None:
    configure(own_settings, f'[keys]\n"explorer.size" = ["{written}"]')
    async with journey(MY_APP) as at:
        assert not at.toasts()
        await at.press(pressed)
        assert isinstance(at.app.screen, SizeScreen)


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ('sort = "x"', 'line 1: sort must be "name" or "size"'),
        ("theme = ", "is ignored: "),
        ('theme = "norf"', "there is no theme norf: did you mean nord?"),
        ('[keys]\n"explorer.siz" = "W"', "there is no key with the id explorer.siz: did you mean explorer.size?"),
        ('[keys]\n"explorer.size" = "d"', "explorer.size and explorer.diff have the same key, d"),
        (
            '[keys]\n"explorer.size" = "W"\n"explorer.diff" = "W"',
            "explorer.size and explorer.diff have the same key, W",
        ),
        ('[keys]\n"explorer.size" = "hyper+wibble"', "explorer.size: there is no key hyper+wibble"),
    ],
)
async def test_a_broken_setting_is_a_notice_and_the_image_opens(own_settings: Path, text: str, notice: str) -> None:
    configure(own_settings, text)
    async with journey(MY_APP, (200, 60)) as at:
        assert " ".join(notice.split()) in " ".join(toast.message for toast in at.app._notifications)
        assert at.title().startswith("my-app:v1")
        assert at.app.theme == "layerscope-dark"


async def test_what_was_opened_is_on_the_start_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with journey(MY_APP):
        pass
    monkeypatch.chdir(tmp_path)
    async with starting((120, 30)) as at:
        assert "Opened last" in at.screen()
        await at.press("enter")
        await at.until_open()
        assert at.title().startswith("my-app:v1")
