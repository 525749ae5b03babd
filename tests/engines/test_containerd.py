"""Images of a containerd without Docker: from its content store, and exported for a user who may not read that."""

import importlib
import os
import pkgutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import layerscope
from layerscope.errors import EngineUnavailable, ImageNotFound, UsageError
from layerscope.model.engine import Engine
from layerscope.session.local.listing import local_images
from layerscope.sources.open import open_source
from tests.builders import docker_archive, file, image, layer
from tests.cli.runner import ask, document, without
from tests.engines.tools import need, run

pytestmark = pytest.mark.engine

NOBODY = 65534
DIFFERENT = {"reference", "source", "tags", "storage"}


@pytest.fixture(autouse=True)
def containerd() -> str:
    """Return the socket of containerd."""
    need("ctr", "version")
    if os.geteuid() != 0:
        pytest.skip("containerd answers root alone")
    return os.environ["CONTAINERD_ADDRESS"]


@contextmanager
def made_namespace(archive: Path) -> Iterator[str]:
    """Import an image into a namespace, which is removed with all its images."""
    name = f"layerscope-test-{uuid.uuid4().hex[:12]}"
    run("ctr", "-n", name, "images", "import", "--no-unpack", archive)
    yield name
    run("ctr", "-n", name, "images", "rm", "--sync", *names_in(name))
    run("ctr", "namespaces", "rm", name)


def names_in(namespace: str) -> list[str]:
    return run("ctr", "-n", namespace, "images", "ls", "-q").decode().split()


@pytest.fixture
def namespace(archive: Path) -> Iterator[str]:
    with made_namespace(archive) as name:
        yield name


@pytest.fixture
def name(namespace: str) -> str:
    """Return the name of the image, which is short: an archive of docker save has no other."""
    (only,) = names_in(namespace)
    return only


@pytest.fixture
def no_other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/docker.sock")
    monkeypatch.setenv("CONTAINER_HOST", "unix:///no/podman.sock")


@pytest.mark.parametrize("command", ["layers", "tree", "why"])
def test_the_content_store_gives_the_documents_of_the_archive(
    command: str, archive: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = document(capsys, command, f"containerd://{name}")
    assert without(stored, DIFFERENT) == without(document(capsys, command, archive), DIFFERENT)
    assert document(capsys, command, f"containerd://{name}") == stored


@pytest.mark.usefixtures("no_other_engine")
def test_a_name_alone_opens_where_only_containerd_runs(namespace: str, name: str) -> None:
    for reference in (name, f"docker.io/library/{name}", f"{namespace}/{name}"):
        with open_source(reference) as source:
            opened = source.choose()
            assert (opened.source, opened.tags) == ("containerd", (name,))
            assert opened.storage is not None
            assert opened.storage.namespace == namespace
            assert all(
                path.endswith(str(layer.digest)[7:])
                for path, layer in zip(opened.storage.locations, opened.layers, strict=True)
            )


def test_an_image_is_opened_by_its_digest(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    digest = document(capsys, "layers", f"containerd://{name}")["image"]["digest"]
    repository = name.partition(":")[0]
    for reference in (digest, digest[7:19], f"{repository}@{digest}"):
        with open_source(reference, engine=Engine.CONTAINERD) as source:
            assert str(source.choose().digest) == digest
    with pytest.raises(ImageNotFound):
        open_source(f"{repository}@sha256:{'0' * 64}", engine=Engine.CONTAINERD)


def test_images_are_listed_with_their_namespace(namespace: str, name: str) -> None:
    (listed,) = [each for each in local_images().found if each.namespace == namespace]
    assert (listed.engine, listed.tags, listed.layers) == (Engine.CONTAINERD, (name,), 3)
    assert listed.reference == f"containerd://{namespace}/{name}"
    with open_source(listed.reference) as source:
        opened = source.choose()
        assert (str(opened.digest), opened.blob_size) == (listed.image_id, listed.size)


def test_different_images_of_one_name_are_listed_and_each_can_be_opened(
    namespace: str, name: str, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made_namespace(archive) as other:
        with open_source(f"containerd://{name}") as source:
            assert len(source.choose().layers) == 3
        another = docker_archive(tmp_path / "other.tar", image(layer(file("other", b"1")), tags=[name]))
        run("ctr", "-n", other, "images", "import", "--no-unpack", another)
        first, second = sorted([namespace, other])
        several = f"{name} is the name of several images: containerd://{first}/{name}, containerd://{second}/{name}"
        with pytest.raises(UsageError, match=f"^{several}$"):
            open_source(f"containerd://{name}")
        for each, layers in ((namespace, 3), (other, 1)):
            with open_source(f"containerd://{each}/{name}") as source:
                assert len(source.choose().layers) == layers
        monkeypatch.setenv("CONTAINERD_NAMESPACE", other)
        with open_source(f"containerd://{name}") as source:
            assert len(source.choose().layers) == 1
        assert {each.namespace for each in local_images(Engine.CONTAINERD).found} == {other}


@pytest.fixture
def plain_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Go on as a user who may read neither the store nor the home."""
    for module in pkgutil.walk_packages(layerscope.__path__, "layerscope."):
        # nor, perhaps, the folder of the package
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    monkeypatch.setenv("HOME", str(tmp_path))
    tmp_path.chmod(0o700)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)
    os.setegid(0)


@pytest.fixture
def open_socket(containerd: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let everybody speak to containerd, whose socket may be in a folder of root, and write temporary files."""
    mode = Path(containerd).stat().st_mode
    with TemporaryDirectory(dir=Path(containerd).parents[1]) as folder:
        Path(folder).chmod(0o777)
        monkeypatch.setattr("tempfile.tempdir", folder)
        address = Path(folder, "s")
        address.hardlink_to(containerd)
        address.chmod(0o666)
        monkeypatch.setenv("CONTAINERD_ADDRESS", str(address))
        yield
        address.chmod(mode & 0o777)


@pytest.fixture
def documents(archive: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Return the documents of the archive, which a plain user cannot read."""
    return {command: without(document(capsys, command, archive), DIFFERENT) for command in ("layers", "why")}


@pytest.mark.usefixtures("open_socket")
def test_a_plain_user_gets_the_same_from_an_export(
    documents: dict[str, object], name: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("plain_user")
    for command, expected in documents.items():
        assert without(document(capsys, command, f"containerd://{name}"), DIFFERENT) == expected
    platform = document(capsys, "layers", f"containerd://{name}", "--platform", "linux/amd64")
    assert without(platform, DIFFERENT) == documents["layers"]
    (listed,) = [each for each in local_images().found if name in str(each.tags)]
    assert (listed.layers, listed.shared_size) == (None, None)


@pytest.mark.usefixtures("plain_user", "no_other_engine")
def test_a_user_who_may_not_ask_containerd_is_told_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    address = os.environ["CONTAINERD_ADDRESS"]
    denied = f"containerd at unix://{address}: permission denied (sudo layerscope NAME opens its images)"
    told = ask(capsys, "layers", "containerd://app:v1").complaint
    assert told == f"no containerd engine answers (tried {denied})"
    assert denied in ask(capsys, "layers", "app:v1").complaint


def test_without_ctr_the_error_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/no")
    with pytest.raises(EngineUnavailable, match=r": neither ctr nor k3s is installed, one of which has to list "):
        open_source("containerd://app:v1")


def test_containers_of_containerd_are_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    told = ask(capsys, "containers", "--engine", "containerd").complaint
    assert told.endswith(": only its images are read, not its containers)")
