"""The settings that count, and what is remembered from one run to the next."""

from pathlib import Path

import pytest

from layerscope.settings.preferences import Recent, State, ValueOrigin, load_preferences, read_state, write_state


def write_config(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_config_wins_over_what_is_remembered_and_that_over_the_default(own_settings: Path) -> None:
    load_preferences().remember(theme="nord", sort="name")
    write_config(own_settings, 'theme = "dracula"')
    preferences = load_preferences()
    assert (preferences.settings.theme, preferences.settings.sort, preferences.settings.units) == (
        "dracula",
        "name",
        "decimal",
    )
    assert [preferences.origins[name] for name in ("theme", "sort", "units")] == [
        ValueOrigin.CONFIG,
        ValueOrigin.STATE,
        ValueOrigin.DEFAULT,
    ]


def test_only_what_was_changed_is_remembered(own_settings: Path) -> None:
    load_preferences().remember(theme="layerscope-dark", sort="size", columns=())
    assert not own_settings.exists()
    load_preferences().remember(columns=("mode",))
    assert read_state(own_settings / "state.json") == State(columns=("mode",))


def test_two_runs_that_end_one_after_the_other_both_remember(own_settings: Path) -> None:
    first, second = load_preferences(), load_preferences()
    first.remember(theme="nord")
    second.remember(sort="name")
    second.remember_opened("app:1")
    state = read_state(own_settings / "state.json")
    assert (state.theme, state.sort, [recent.reference for recent in state.recent]) == ("nord", "name", ["app:1"])


def test_the_state_is_for_the_user_alone_and_leaves_nothing_beside_it(own_settings: Path) -> None:
    load_preferences().remember(theme="nord")
    path = own_settings / "state.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(own_settings.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b'{"theme": 5}', b"[" * 100_000, b'{"sort": "size"'])
def test_a_damaged_state_is_ignored_and_replaced(own_settings: Path, content: bytes) -> None:
    own_settings.mkdir()
    (own_settings / "state.json").write_bytes(content)
    preferences = load_preferences()
    assert preferences.problems == []
    preferences.remember(sort="name")
    assert load_preferences().settings.sort == "name"


def test_a_value_of_the_state_that_is_unknown_does_not_count(own_settings: Path) -> None:
    own_settings.mkdir()
    (own_settings / "state.json").write_text('{"sort": "colour", "columns": ["mode"]}')
    assert load_preferences().settings.sort == "size"
    assert load_preferences().settings.columns == ("mode",)


def test_the_last_twenty_references_are_kept_each_once(tmp_path: Path) -> None:
    state = State()
    for number in [*range(30), 25]:
        state = state.with_recent(Recent(f"app:{number}", number))
    write_state(tmp_path / "state.json", state)
    kept = [recent.reference for recent in read_state(tmp_path / "state.json").recent]
    assert kept[:3] == ["app:25", "app:29", "app:28"]
    assert len(kept) == len(set(kept)) == 20


def test_a_folder_that_cannot_be_written_is_no_error(own_settings: Path) -> None:
    own_settings.write_text("a file in place of the folder")
    load_preferences().remember(theme="nord")
    load_preferences().remember_opened("app:1")
    assert load_preferences().recent == ()
