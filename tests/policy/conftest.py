"""An image that is checked without a rules file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.analysis.size.base_image import BaseImage
from layerscope.policy.facts import Baseline, CheckedImage
from layerscope.policy.rules import Rules
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis
from tests.builders import blob_name, docker_files, image, sha256, write_tar

Checked = Callable[..., CheckedImage]


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[Checked]:
    """Return a function that opens an image of the layers; the layer ``lost``, from 1, is missing in it."""
    with ExitStack() as stack:

        def open_checked(
            *layers: bytes,
            rules: Rules | None = None,
            baseline: Baseline | None = None,
            base: int | None = None,
            lost: int = 0,
        ) -> CheckedImage:
            files = docker_files(image(*layers))
            if lost:
                del files[blob_name(sha256(layers[lost - 1]))]
            path = write_tar(tmp_path / "image.tar", files)
            loaded = stack.enter_context(open_image(str(path))).load()
            analysis = SizeAnalysis(loaded, None if base is None else BaseImage(layers=base))
            return CheckedImage(analysis, rules or Rules(), baseline)

        yield open_checked
