"""Comparison of two builds of one Dockerfile: the steps from the cache, and the changes of the others."""

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.builders import directory, file, layer
from tests.engines.hard_image import BUSYBOX
from tests.engines.tools import BUILDERS, FORMS, Builder, Built, need, run

pytestmark = pytest.mark.engine

_BASE = "FROM scratch\nADD base.tar /\nCOPY busybox /bin/\n"
_APP = """\
FROM {base}
RUN ["/bin/busybox", "sh", "-c", "echo lists of packages >/var/lists"]
RUN ["/bin/busybox", "sh", "-c", "echo a program >/usr/nginx"]
COPY . /var/www/html/
CMD ["/usr/nginx", "{version}"]
"""

SHOWN = ["/var/www/html/Dockerfile", "/var/www/html/index.html", "/var/www/html/style.css"]


class Pair(NamedTuple):
    """Two versions of an app."""

    v1: Built
    v2: Built


@pytest.fixture(scope="module", params=list(BUILDERS))
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Build both versions, the second with the build cache of the first."""
    if not BUSYBOX.exists():
        pytest.skip(f"no {BUSYBOX} on this machine")
    builder, folder = BUILDERS[str(request.param)], tmp_path_factory.mktemp("builds")
    need(builder.command[0], "version")
    need(builder.engine, "version")
    base = _built(builder, _base_context(folder / "base"))
    made = [_built(builder, _app_context(folder / version, base, version)) for version in ("v1", "v2")]
    yield Pair(*made)
    for built in (*made, base):
        built.remove()


def _built(builder: Builder, context: Path) -> Built:
    tag = f"layerscope-test-{uuid.uuid4().hex[:12]}:v1"
    run(*builder.command, "--network=host", "-t", tag, context, environment=dict(builder.environment))
    return Built(builder.name, builder.engine, tag)


def _base_context(folder: Path) -> Path:
    folder.mkdir()
    unique = file("etc/unique", uuid.uuid4().bytes)
    (folder / "base.tar").write_bytes(layer(directory("var"), directory("usr"), directory("etc"), unique))
    shutil.copy(BUSYBOX, folder / "busybox")
    (folder / "Dockerfile").write_text(_BASE)
    return folder


def _app_context(folder: Path, base: Built, version: str) -> Path:
    folder.mkdir()
    (folder / "Dockerfile").write_text(_APP.format(base=base.tag, version=version))
    (folder / "index.html").write_text(f"<h1>{version}</h1>\n")
    (folder / "style.css").write_text(f"/* {version} */\n")
    (folder / "same.txt").write_text("the same\n")
    return folder


def diff(*arguments: str | Path) -> str:
    """Return the output of ``layerscope diff``."""
    command = [sys.executable, "-m", "layerscope", "diff", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check(document: Any) -> None:
    """Assert the changes of a second build with another page and another CMD."""
    assert [row["relation"] for row in document["layers"]] == [*["same"] * 4, "changed"]
    changes = {row["path"]: (row["change"], row["what"]) for row in document["changes"]}
    assert changes == dict.fromkeys(SHOWN, ("modified", ["content"]))
    assert [row["field"] for row in document["config"]] == ["cmd"]
    assert document["moves"] == document["packages"] == []


def test_the_step_where_the_cache_missed_is_reported(pair: Pair, tmp_path: Path) -> None:
    v1, v2 = pair.v1.save(tmp_path / "v1.tar"), pair.v2.save(tmp_path / "v2.tar")
    check(json.loads(diff(v1, v2, "--json")))
    lines = diff(v1, v2, "--patch").splitlines()
    assert "Layers 1 to 4 are shared." in lines
    (told,) = [line for line in lines if line.startswith("The build cache missed at layer 5: COPY ")]
    assert told.endswith(" changed first, with different content.")
    assert "-<h1>v1</h1>" in lines
    assert "+<h1>v2</h1>" in lines


@pytest.mark.parametrize(
    ("old", "new"), [("OCI archive", "OCI folder, zstd"), ("OCI folder, zstd", "by reference")], ids=str
)
def test_the_forms_of_the_images_make_no_difference(pair: Pair, old: str, new: str, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    v1, v2 = FORMS[old](pair.v1, tmp_path / "old"), FORMS[new](pair.v2, tmp_path / "new")
    check(json.loads(diff(v1, v2, "--json")))
