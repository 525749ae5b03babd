from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.errors import ReadingStopped
from layerscope.model.image import Compression
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.work import cancel_work_if
from tests.builders import file, image, layer, oci_archive


@pytest.fixture(autouse=True)
def _cancelled() -> Iterator[None]:
    yield
    cancel_work_if(lambda: False)


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP, Compression.ZSTD])
def test_every_read_of_content_ends_once_the_work_is_cancelled(tmp_path: Path, compression: Compression) -> None:
    recipe = image(layer(file("a", b"a" * 3_000_000), file("b", b"b" * 3_000_000)), layer(file("a", b"c")))
    with open_image(str(oci_archive(tmp_path / "image.tar", recipe, compression=compression))) as session:
        contents, files = session.load().contents, [occurrence(session, name) for name in (b"a", b"b")]
        cancel_work_if(lambda: True)
        for number in files:
            with pytest.raises(ReadingStopped):
                list(contents.chunks(number))
        with pytest.raises(ReadingStopped):
            contents.digests(files)
        if compression is not Compression.NONE:
            with pytest.raises(ReadingStopped):
                contents.read_range(files[1], 0, 10)
        cancel_work_if(lambda: False)
        assert contents.read_range(files[1], 0, 2) == b"bb"


def occurrence(session: ImageSession, path: bytes) -> int:
    index = session.load().tree.index
    node = index.find(path)
    assert node is not None
    return index.occurrence(node, 1)
