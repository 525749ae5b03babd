"""Pictures of the main screens in other themes, and without colours."""

from collections.abc import Callable, Sequence

import pytest

from layerscope.tui.app import LayerscopeApp
from tests.tui.looks import SnapCompare, comparison_app, image_app, settled

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("unicode_locale")]

FILE = ("tab", "slash", *"nginx.conf", "enter", "enter", "slash", *"gzip", "enter")
SCREENS: dict[str, tuple[Callable[..., LayerscopeApp], Sequence[str]]] = {
    "explorer": (image_app, ("left_square_bracket", "tab", "j", "j")),
    "size": (image_app, ("w",)),
    "comparison": (comparison_app, ("down",)),
    "file": (image_app, FILE),
}


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("theme", ["layerscope-light", "ansi-dark", "NO_COLOR"])
def test_a_theme(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch, theme: str, screen: str) -> None:
    # the description of a file depends on the version of libmagic
    monkeypatch.setattr("layerscope.session.files.text.description", lambda _: None)
    make, keys = SCREENS[screen]
    if theme == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    app = make(theme=None if theme == "NO_COLOR" else theme)
    assert snap_compare(app, terminal_size=(100, 28), run_before=settled(*keys))
