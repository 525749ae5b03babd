import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import InvalidLayer, LayerscopeError, UsageError
from layerscope.extraction.private_copy import LARGEST_COPY, PrivateCopy, check_copied_size, user_command


def test_a_copy_is_private_and_removed_on_close() -> None:
    copy = PrivateCopy(b"app.py", [b"one ", b"two"])
    assert copy.path.read_bytes() == b"one two"
    assert copy.path.name == "app.py"
    assert stat.S_IMODE(copy.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o400
    copy.close()
    assert not copy.path.parent.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"..", "file"),
        (b"-rf.txt", "rf.txt"),
        (b".bashrc", "bashrc"),
        (b"a b;$(x)\x1b.sh", "a_b___x__.sh"),
        ("grüße.conf".encode(), "gr____e.conf"),
        (b"x" * 300 + b".json", "x" * 95 + ".json"),
    ],
)
def test_the_name_of_a_copy_is_safe_and_keeps_its_extension(name: bytes, shown: str) -> None:
    copy = PrivateCopy(name, [])
    assert copy.path.name == shown
    copy.close()


def test_a_copy_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(LayerscopeError, match=r"cannot write a copy to .*absent: No such file"):
        PrivateCopy(b"a", [b""])


def test_content_that_cannot_be_read_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"start"
        raise InvalidLayer("the layer is broken")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(InvalidLayer):
        PrivateCopy(b"a", chunks())
    assert not list(tmp_path.iterdir())


_KILLED = """
import os, signal
from layerscope.extraction.private_copy import PrivateCopy
copy = PrivateCopy(b"secret", [b"x"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_copy_of_a_killed_process_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    subprocess.run([sys.executable, "-c", _KILLED], env=os.environ | {"TMPDIR": str(tmp_path)}, check=False)
    (abandoned,) = tmp_path.iterdir()
    PrivateCopy(b"other", [b""]).close()
    assert not abandoned.exists()


def test_a_command_is_split_into_words_without_a_shell() -> None:
    environment = {"EDITOR": "code --wait 'a b'; rm -rf $HOME", "VISUAL": ""}
    assert user_command(("VISUAL", "EDITOR"), "vi", environment) == ["code", "--wait", "a b;", "rm", "-rf", "$HOME"]
    assert user_command(("VISUAL", "EDITOR"), "vi", environment | {"VISUAL": "emacs"}) == ["emacs"]
    assert user_command(("PAGER",), "less", environment) == ["less"]


@pytest.mark.parametrize("command", ["less 'x", "   "])
def test_an_invalid_command_is_an_error(command: str) -> None:
    with pytest.raises(UsageError, match=r"\$PAGER"):
        user_command(("PAGER",), "less", {"PAGER": command})


def test_a_file_over_the_limit_is_not_copied() -> None:
    check_copied_size(LARGEST_COPY)
    with pytest.raises(UsageError, match="layerscope extract"):
        check_copied_size(LARGEST_COPY + 1)
