"""Containers of real engines: the writable layer equals the layer that a commit of the container makes."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from layerscope.errors import ImageNotFound
from layerscope.session.local.containers import local_containers
from layerscope.session.open import open_image
from layerscope.sources.open import open_source
from tests.builders import directory, docker_archive, file, image, layer, symlink
from tests.engines.hard_image import BUSYBOX
from tests.engines.tools import need, run

pytestmark = pytest.mark.engine

_SCRIPT = r"""
set -e
for tool in chmod chown ln mkdir mkfifo mv rm touch sleep; do alias $tool="/bin/busybox $tool"; done
cd /srv
printf new >new
mkdir -p made/deep && printf x >made/deep/file
printf more >>changed
chmod 600 mode
chown 12:34 owner
touch touched
mv moved moved-away
rm removed
rm "$(printf 'odd-\377-removed')"
rm -rf folder
rm -rf again && mkdir again && printf y >again/other
rm -rf to-file && printf z >to-file
rm to-folder && mkdir to-folder && printf z >to-folder/in
ln -s /nowhere link
mkfifo pipe
ln made/deep/file made/link
printf q >"$(printf 'odd\344\nname')"
printf v >/volume/inside
if [ "$1" = stay ]; then sleep 1000; fi
"""

_FILES_OF_ENGINES = ("hosts", "hostname", "resolv.conf")
"""An engine mounts its own over these."""

_MADE_BY_PODMAN = (b"etc/mtab", b"run/.containerenv")
"""Files in every container of podman, which it does not list as changes."""

_COMMANDS = {"docker": ("docker",), "podman": ("env", "-u", "CONTAINER_HOST", "podman", "--runtime", "runc")}
"""Podman starts containers with its default runtime, which few sandboxes can run; its command can choose another."""


@dataclass(frozen=True)
class Started:
    """A container with all kinds of changes."""

    engine: str
    name: str
    image: str

    @property
    def reference(self) -> str:
        """What to open it by."""
        return f"container://{self.name}"


@pytest.fixture(params=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> str:
    """Return an engine that runs containers."""
    name = str(request.param)
    need(name, "version")
    if not BUSYBOX.exists():
        pytest.skip(f"no {BUSYBOX} on this machine")
    return name


@pytest.fixture
def base(engine: str, tmp_path: Path) -> Iterator[str]:
    """Load an image to start containers from, and remove it again."""
    tag = f"layerscope-test-{uuid.uuid4().hex[:12]}:v1"
    names = (
        "changed",
        "mode",
        "owner",
        "touched",
        "moved",
        "removed",
        "folder/a/b",
        "again/file",
        "to-file/in",
        "to-folder",
        "odd-\udcff-removed",
    )
    tar = layer(
        directory("bin"),
        file("bin/busybox", BUSYBOX.read_bytes(), mode=0o755),
        symlink("bin/sh", "busybox"),
        directory("srv"),
        *(directory(name) for name in ("dev", "etc", "proc", "run", "sys", "volume", "scratch")),
        *(file(f"etc/{name}") for name in _FILES_OF_ENGINES),
        *(file(f"srv/{name}", name.encode("utf-8", "surrogateescape")) for name in names),
    )
    archive = docker_archive(tmp_path / "base.tar", image(tar, tags=[tag]))
    run(engine, "load", "-i", archive)
    yield tag
    run(engine, "rmi", "-f", tag)


@pytest.fixture(params=["exited", "running"])
def started(request: pytest.FixtureRequest, engine: str, base: str) -> Iterator[Started]:
    """Run the script in a container with a volume and a tmpfs, to its end or until it only waits."""
    name = f"layerscope-test-{uuid.uuid4().hex[:12]}"
    stays = request.param == "running"
    options = ["--name", name, "--network", "host", "-v", "/volume", "--tmpfs", "/scratch"]
    command = ["/bin/sh", "-c", _SCRIPT, "sh", "stay" if stays else "end"]
    run(*_COMMANDS[engine], "run", *(["-d"] if stays else []), *options, base, *command)
    if stays:
        await_file(engine, name, "/volume/inside")
    yield Started(engine, name, base)
    run(engine, "rm", "-f", "-v", name)


def await_file(engine: str, name: str, path: str) -> None:
    """Wait until the script has come to its end: inside, since only there can one wait for a file."""
    script = f"until /bin/busybox test -s {path}; do /bin/busybox usleep 20000; done"
    run(*_COMMANDS[engine], "exec", name, "/bin/sh", "-c", script)


def marks(reference: str, number: int | None = None) -> dict[bytes, tuple[str, str, int, str]]:
    """Return, of every path that a layer changed: the mark, the kind, the size and the mode."""
    with open_image(reference) as session:
        loaded = session.loaded
        layer_number = number or len(loaded.image.layers)
        return {
            row.entry.path: (row.change.name, row.entry.kind.word, row.entry.size, f"{row.entry.mode:o}")
            for row in loaded.tree.rows(layer_number)
            if row.change.name != "UNCHANGED"
        }


def test_the_writable_layer_is_what_a_commit_would_add(started: Started, tmp_path: Path) -> None:
    tag, archive = f"{started.name}:committed", tmp_path / "committed.tar"
    run(started.engine, "commit", started.name, tag)
    try:
        run(started.engine, "save", "-o", archive, tag)
    finally:
        run(started.engine, "rmi", "-f", tag)
    committed = {path: mark for path, mark in marks(str(archive)).items() if path not in _MADE_BY_PODMAN}
    assert marks(started.reference) == committed


def test_mounts_are_listed_and_their_content_is_not(started: Started) -> None:
    with open_source(started.reference) as source:
        found = source.choose()
    assert found.container is not None
    assert {mount.destination: mount.kind for mount in found.container.mounts} == {
        "/volume": "volume",
        "/scratch": "tmpfs",
    }
    assert b"volume/inside" not in marks(started.reference)


def test_containers_are_listed(started: Started) -> None:
    (listed,) = [container for container in local_containers().found if container.name == started.name]
    assert listed.engine == started.engine
    assert listed.state in ("exited", "running")
    assert listed.writable_size is not None


# podman removes the containers of an image together with it
@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_a_container_whose_image_has_gone_shows_its_own_layer(started: Started) -> None:
    run(started.engine, "rmi", "-f", started.image)
    with open_source(started.reference) as source:
        found = source.choose()
    assert found.layers[-1].writable
    if len(found.layers) == 1:
        assert any("has been removed" in warning for warning in found.warnings)


def test_an_unknown_container_is_one_sentence(engine: str) -> None:
    with pytest.raises(ImageNotFound, match=f"{engine} has no container layerscope-test-absent"):
        open_source("container://layerscope-test-absent")
