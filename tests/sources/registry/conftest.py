"""Keeps the tests of registries away from the configuration of this machine."""

from pathlib import Path

import pytest

from layerscope.sources.registry import remote


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home folder without any configuration; waits that no registry states take no time."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(home / "registries.conf"))
    for name in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(remote, "_BACKOFF_SECONDS", 0)
    monkeypatch.setattr(remote, "_BREAK_SECONDS", 0)
    return home
