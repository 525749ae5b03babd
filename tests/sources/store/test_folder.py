"""Files of an unpacked layer."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import InvalidLayer
from layerscope.sources.store.tar_split import FOLDER_FLAGS, open_beneath

_NOBODY = 65_534


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    """Yield a descriptor of a folder with files that this user may not read, as root does not either then."""
    tmp_path.chmod(0o755)
    closed, own = tmp_path / "closed", os.geteuid()
    closed.mkdir()
    for file in (tmp_path / "secret", closed / "inside"):
        file.write_bytes(b"12345")
    (tmp_path / "secret").chmod(0)
    closed.chmod(0)
    descriptor = os.open(tmp_path, FOLDER_FLAGS)
    if own == 0:
        os.seteuid(_NOBODY)
    yield descriptor
    os.seteuid(own)
    os.close(descriptor)
    closed.chmod(0o700)


@pytest.mark.parametrize("name", [b"secret", b"closed/inside"])
def test_a_file_of_another_user_says_who_can_read_it(folder: int, name: bytes) -> None:
    with pytest.raises(InvalidLayer, match=r"Permission denied .*podman unshare layerscope"):
        open_beneath(folder, name, 5)
