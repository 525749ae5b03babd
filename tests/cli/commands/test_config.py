"""``layerscope config``: each value and where it comes from."""

import json
from pathlib import Path

import pytest

from tests.cli.runner import ask

Capture = pytest.CaptureFixture[str]


def test_settings_are_listed_with_their_origin_and_mistakes_go_to_stderr(capsys: Capture, own_settings: Path) -> None:
    own_settings.mkdir()
    (own_settings / "config.toml").write_text('units = "binary"\nthem = "nord"\n')
    outcome = ask(capsys, "config")
    rows = [line.split() for line in outcome.out.splitlines()]
    assert outcome.status == 0
    assert ["settings:", f"{own_settings}/config.toml"] in rows
    assert ["units", "config.toml", "binary"] in rows
    assert ["theme", "default", "layerscope-dark"] in rows
    assert (
        outcome.err == f"warning: {own_settings}/config.toml, line 2: there is no setting them: did you mean theme?\n"
    )


def test_an_unknown_theme_or_key_is_a_warning(capsys: Capture, own_settings: Path) -> None:
    own_settings.mkdir()
    (own_settings / "config.toml").write_text('theme = "norf"\nkeys."explorer.siz" = "W"\n')
    outcome = ask(capsys, "config")
    assert outcome.status == 0
    assert outcome.err.splitlines() == [
        f"warning: {own_settings}/config.toml: there is no key with the id explorer.siz: did you mean explorer.size?",
        f"warning: {own_settings}/config.toml: there is no theme norf: did you mean nord?",
    ]


def test_the_document_has_the_same(capsys: Capture, own_settings: Path) -> None:
    document = json.loads(ask(capsys, "config", "--json").out)
    assert document["schema_version"] == 2
    assert document["config_file"] == f"{own_settings}/config.toml"
    assert {"name": "columns", "value": [], "origin": "default"} in document["settings"]
    assert document["problems"] == []
