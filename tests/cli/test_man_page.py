import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "layerscope" / "layerscope.1"


def test_the_man_page_says_what_the_help_says() -> None:
    written = subprocess.run([sys.executable, _ROOT / ".ci" / "man-page"], capture_output=True, text=True, check=True)
    assert written.stdout == _PAGE.read_text(), "write it again: .venv/bin/python .ci/man-page >layerscope/layerscope.1"


def test_the_man_page_is_shown_without_a_warning() -> None:
    if shutil.which("groff") is None:
        pytest.skip("no groff on this machine")
    shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww", _PAGE], capture_output=True, text=True, check=True)
    assert shown.stderr == ""
    assert "EXIT STATUS" in shown.stdout
