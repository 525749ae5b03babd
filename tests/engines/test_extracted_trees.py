"""An extracted image equals the export of an engine: contents, modes, owners, links, devices."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.hard_image import BUSYBOX, write_context
from tests.engines.tools import BUILDERS, Built
from tests.engines.trees import Shown, exported_tree, link_groups, written_link_groups, written_tree

pytestmark = pytest.mark.engine

_SET_ID = stat.S_ISUID | stat.S_ISGID


@pytest.fixture(scope="module", params=["buildkit", "podman"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Build the hard image, and remove it at the end."""
    if not BUSYBOX.exists():
        pytest.skip(f"no {BUSYBOX} on this machine")
    made = BUILDERS[str(request.param)].build(write_context(tmp_path_factory.mktemp("context")))
    yield made
    made.remove()


def extracted(built: Built, folder: Path, *options: str) -> Path:
    """Extract the whole image, and return the folder."""
    saved, root = built.save(folder / "image.tar"), folder / "root"
    command = [sys.executable, "-m", "layerscope", "extract", str(saved), "/", "--to", str(root), *options]
    subprocess.run(command, check=True, capture_output=True)
    return root


def plain(tree: dict[bytes, Shown]) -> dict[bytes, Shown]:
    """Return a tree as it is extracted without options: no owners, no setuid bits, no devices."""
    return {
        path: shown._replace(uid=0, gid=0, mode=shown.mode & ~_SET_ID)
        for path, shown in tree.items()
        if shown.kind not in ("char", "block")
    }


def test_a_whole_extracted_image_equals_the_export_of_the_engine(built: Built, tmp_path: Path) -> None:
    export, root = built.export(tmp_path / "export.tar"), extracted(built, tmp_path)
    assert plain(written_tree(root)) == plain(exported_tree(export))
    assert written_link_groups(root) == link_groups(export)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_can_extract_owners_setuid_bits_and_devices(built: Built, tmp_path: Path) -> None:
    export = built.export(tmp_path / "export.tar")
    root = extracted(built, tmp_path, "--owner", "--setuid", "--devices")
    assert written_tree(root) == exported_tree(export)
