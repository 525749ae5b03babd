"""An image for every engine."""

import uuid
from pathlib import Path

import pytest

from tests.builders import (
    device,
    directory,
    docker_archive,
    fifo,
    file,
    hardlink,
    image,
    layer,
    opaque,
    symlink,
    whiteout,
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return an image with everything that a store has to describe."""
    name = f"layerscope-test-{uuid.uuid4().hex[:12]}:v1"
    base = layer(
        directory("etc", mode=0o750, uid=1, gid=2),
        file("etc/text", b"one\n" * 1000),
        file("etc/\u00e4\udce4", b"odd name"),
        file("etc/" + "long/" * 40 + "name", b"long name"),
        hardlink("etc/link", "etc/text"),
        symlink("etc/absolute", "/etc/text"),
        fifo("etc/pipe"),
        device("etc/null", 1, 3),
        file("data/gone", b"x" * 5000),
        file("data/whole/gone", b"y"),
        file("attributes", b"z", records={"SCHILY.xattr.user.note": "kept"}),
    )
    top = layer(whiteout("data/gone"), opaque("data/whole"), file("data/whole/new", b"new"), file("etc/text", b"two"))
    # the label gives it an id of its own, so that another run does not hold the same image
    return docker_archive(
        tmp_path / "image.tar", image(base, layer(), top, tags=[name], config={"Labels": {"test": name}})
    )
