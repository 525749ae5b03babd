"""Containers of real engines: the writable layer equals the layer that a commit of the container makes."""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from layerscope.analysis.tree.change import ChangeKind
from layerscope.errors import ImageNotFound
from layerscope.model.entries import FileEntry, Xattrs
from layerscope.session.local.listing import local_containers
from layerscope.session.open import open_image
from layerscope.sources.open import open_source
from tests.builders import directory, docker_archive, file, image, layer, symlink
from tests.engines.forwarder import forwarded
from tests.engines.hard_image import BUSYBOX
from tests.engines.tools import VARIABLES, need, run

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
ln made/deep/file linked-across
ln made/deep/file /linked-at-the-root
ln -s /nowhere to-nothing && ln to-nothing to-nothing-too
ln -s again to-a-folder
rm -rf again-a-folder && ln -s again again-a-folder
printf q >"$(printf 'odd\344\nname')"
printf v >/volume/inside
if [ "$1" = stay ]; then sleep 1000; fi
"""

_FILES_OF_ENGINES = ("hosts", "hostname", "resolv.conf")
"""An engine mounts its own over these."""

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
        """The reference that opens it."""
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
        "again-a-folder/file",
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


class Mark(NamedTuple):
    """The change of a path in a layer, and its entry; of links to one file, all names, since any may be the first."""

    change: str
    kind: str
    size: int
    mode: str
    owner: tuple[int, int]
    link: bytes | None
    xattrs: Xattrs
    names: frozenset[bytes]


def marks(reference: str) -> dict[bytes, Mark]:
    """Return the mark of every path that the last layer changed."""
    with open_image(reference) as session:
        tree, top = session.load().tree, len(session.image.layers)
        entries, names = dict[bytes, tuple[str, FileEntry]](), dict[FileEntry, set[bytes]]()
        for row in tree.rows(top):
            if row.change is ChangeKind.REMOVED:
                entries[row.entry.path] = row.change.name, row.entry
            elif row.change is not ChangeKind.UNCHANGED:
                linked = tree.entry_at(tree.linked(tree.index.occurrence(row.node, top)), b"")
                entries[row.entry.path] = row.change.name, linked
                names.setdefault(linked, set()).add(row.entry.path)
        return {
            path: Mark(
                change,
                entry.kind.word,
                entry.size,
                f"{entry.mode:o}",
                (entry.uid, entry.gid),
                entry.link,
                entry.xattrs,
                frozenset(names.get(entry, ())),
            )
            for path, (change, entry) in entries.items()
        }


@pytest.mark.parametrize("by_api", [False, True], ids=["by the store", "by the API"])
def test_the_writable_layer_is_what_a_commit_would_add(started: Started, by_api: bool, tmp_path: Path) -> None:
    tag, archive = f"{started.name}:committed", tmp_path / "committed.tar"
    run(started.engine, "commit", started.name, tag)
    try:
        run(started.engine, "save", "-o", archive, tag)
    finally:
        run(started.engine, "rmi", "-f", tag)
    committed = marks(str(archive))
    with reached(started.engine, by_api=by_api):
        assert marks(started.reference) == committed


@contextmanager
def reached(engine: str, *, by_api: bool) -> Iterator[None]:
    """Reach an engine so that its store can be read, or only its API."""
    with ExitStack() as stack:
        if by_api:
            # an engine behind TCP could run on any machine, so its store is not read
            forwarder = stack.enter_context(forwarded(os.environ[VARIABLES[engine]].removeprefix("unix://")))
            stack.enter_context(pytest.MonkeyPatch.context()).setenv(VARIABLES[engine], forwarder.host)
        yield


_NAMED_LIKE_WHITEOUTS = r"""
for tool in mkdir touch; do alias $tool="/bin/busybox $tool"; done
cd /srv
printf x >.wh.removed
printf x >.wh.nothing
mkdir .wh.again && touch .wh.again/inside
mkdir made && printf x >made/.wh..wh..opq
printf x >folder/.wh..wh..opq
printf x >.wh..wh.plnk
"""


@pytest.mark.parametrize("by_api", [False, True], ids=["by the store", "by the API"])
def test_files_named_like_whiteouts_are_what_a_commit_makes_of_them(engine: str, base: str, by_api: bool) -> None:
    if os.geteuid() != 0 or VARIABLES[engine] not in os.environ:
        pytest.skip("no engine can save such a commit: it is read from the store, by root")
    name = f"layerscope-test-{uuid.uuid4().hex[:12]}"
    run(*_COMMANDS[engine], "run", "--name", name, "--network", "host", base, "/bin/sh", "-c", _NAMED_LIKE_WHITEOUTS)
    try:
        run(engine, "commit", name, f"{name}:committed")
        committed = marks(f"{engine}://{name}:committed")
        assert committed[b"srv/removed"].change == "REMOVED"
        with reached(engine, by_api=by_api):
            assert marks(f"container://{engine}/{name}") == committed
            with open_image(f"container://{engine}/{name}") as session:
                assert "/srv/.wh.removed" in " ".join(session.image.warnings)
    finally:
        run(engine, "rm", "-f", name)
        run(engine, "rmi", "-f", f"{name}:committed")


@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_files_that_docker_does_not_list_are_said_to_be_missing(engine: str, base: str) -> None:
    if run(engine, "info", "--format", "{{.Driver}}").strip() != b"overlay2":
        pytest.skip("only an overlay holds such files")
    name = f"layerscope-test-{uuid.uuid4().hex[:12]}"
    script = "exec 3>>/srv/moved; printf x >/srv/new"
    run(engine, "run", "--name", name, "--network", "host", base, "/bin/sh", "-c", script)
    try:
        with reached(engine, by_api=True), open_image(f"container://{name}") as session:
            (warning,) = session.image.warnings
        assert warning.startswith("5 B of the writable layer are files that were copied up without a change")
    finally:
        run(engine, "rm", "-f", name)


def test_mounts_are_listed_and_their_content_is_not(started: Started) -> None:
    with open_image(started.reference) as session:
        found = session.image
    assert found.container is not None
    assert {mount.destination: mount.kind for mount in found.container.mounts} == {
        "/volume": "volume",
        "/scratch": "tmpfs",
    }
    assert b"volume/inside" not in marks(started.reference)


def test_the_folder_of_the_writable_layer_is_named_where_it_is_read(started: Started) -> None:
    with open_image(started.reference) as session:
        found = session.image
    assert found.storage is not None
    assert len(found.storage.locations) == len(found.layers)
    assert Path(found.storage.locations[-1]).is_dir()


def test_containers_are_listed(started: Started) -> None:
    (listed,) = [container for container in local_containers().found if container.name == started.name]
    assert listed.engine == started.engine
    assert listed.state in ("exited", "stopped", "running")
    assert listed.writable_size is not None


# podman removes the containers of an image together with it
@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_a_container_whose_image_has_gone_shows_its_own_layer(started: Started) -> None:
    run(started.engine, "rmi", "-f", started.image)
    with open_image(started.reference) as session:
        found = session.image
    assert found.layers[-1].writable
    if len(found.layers) == 1:
        assert any("has been removed" in warning for warning in found.warnings)


def test_an_unknown_container_is_one_sentence(engine: str) -> None:
    with pytest.raises(ImageNotFound, match=rf"{engine}.* (has no|has a) container layerscope-test-absent"):
        open_source("container://layerscope-test-absent")
