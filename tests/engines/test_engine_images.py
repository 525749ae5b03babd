"""Images of real engines: export, open, build, list."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.engine import Engine
from layerscope.session.local.build import run_build as build
from layerscope.session.local.listing import layered_images, local_images
from layerscope.session.local.sharing import sharing
from layerscope.session.open import open_image
from layerscope.session.reading.layer_reading import read_whole
from layerscope.sources.engine.answering import AnsweringEngines
from layerscope.sources.open import open_source
from tests.builders import archive_bytes, directory, docker_files, file, image, layer, sha256
from tests.engines.forwarder import forwarded
from tests.engines.tools import need, run

pytestmark = pytest.mark.engine


@pytest.fixture(params=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> str:
    """Return the name of each engine that answers."""
    name = str(request.param)
    reachable(name)
    return name


def reachable(engine: str) -> None:
    with ExitStack() as stack:
        engines = AnsweringEngines(Engine(engine), stack)
        if not list(engines):
            pytest.skip(str(engines.unavailable()))


class Loaded:
    """An image that an engine has during a test."""

    def __init__(self, engine: str, content: bytes = b"") -> None:
        self.repository = f"layerscope-test-{uuid.uuid4().hex[:12]}"
        self.tar = layer(directory("etc"), file("etc/hosts", self.repository.encode() + content))
        self.recipe = image(self.tar, tags=[f"{self.repository}:v1"])
        self.engine = engine
        self.reference = f"{engine}://{self.repository}:v1"


@contextmanager
def kept(made: Loaded, folder: Path) -> Iterator[Loaded]:
    """Load an image into its engine, and remove it again."""
    archive = folder / "made.tar"
    archive.write_bytes(archive_bytes(docker_files(made.recipe)))
    run(made.engine, "load", "-i", archive)
    yield made
    run(made.engine, "rmi", "-f", sha256(made.recipe.config_json).removeprefix("sha256:"))


@pytest.fixture
def loaded(engine: str, tmp_path: Path) -> Iterator[Loaded]:
    """Load a small image into the engine, and remove it again."""
    with kept(Loaded(engine), tmp_path) as made:
        yield made


def test_an_image_is_opened_by_tag(loaded: Loaded) -> None:
    with open_source(f"{loaded.engine}://{loaded.repository}:v1") as source:
        found = source.choose()
        assert found.source == loaded.engine
        assert found.reference == f"{loaded.engine}://{loaded.repository}:v1"
        assert [tag.removeprefix("localhost/") for tag in found.tags] == [f"{loaded.repository}:v1"]
        assert str(found.config_digest) == sha256(loaded.recipe.config_json)
        (only,) = found.layers
        assert [entry.path for entry in read_whole(only)] == [b"etc", b"etc/hosts"]


def test_an_image_is_opened_by_id_and_keeps_its_tag(loaded: Loaded) -> None:
    image_id = sha256(loaded.recipe.config_json)
    for reference in (image_id, image_id.removeprefix("sha256:")[:20]):
        with open_source(f"{loaded.engine}://{reference}") as source:
            assert [tag.removeprefix("localhost/") for tag in source.choose().tags] == [f"{loaded.repository}:v1"]


def test_a_name_without_an_engine_finds_the_engine_that_has_it(loaded: Loaded) -> None:
    with open_source(f"{loaded.repository}:v1") as source:
        assert source.choose().source == loaded.engine


def test_the_tag_that_the_user_names_comes_first(loaded: Loaded) -> None:
    for tag in ("a0", "z9"):
        run(loaded.engine, "tag", f"{loaded.repository}:v1", f"{loaded.repository}:{tag}")
    try:
        for tag in ("v1", "a0", "z9"):
            with open_source(f"{loaded.engine}://{loaded.repository}:{tag}") as source:
                opened = source.choose()
                assert opened.tags[0].removeprefix("localhost/") == f"{loaded.repository}:{tag}"
                assert opened.name == opened.tags[0]
                assert len(opened.tags) == 3
    finally:
        run(loaded.engine, "rmi", *(f"{loaded.repository}:{tag}" for tag in ("a0", "z9")))


@pytest.fixture
def exporting(loaded: Loaded) -> Iterator[Loaded]:
    """Reach the engine over TCP, where its store is not read."""
    variable = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}[loaded.engine]
    with forwarded(os.environ[variable].removeprefix("unix://")) as forwarder, pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, forwarder.host)
        yield loaded


def test_progress_of_an_export_is_reported(exporting: Loaded) -> None:
    seen: list[int] = []
    with open_image(exporting.reference, progress=lambda done, _total: seen.append(done)):
        assert seen[-1] > 0


def test_an_exported_image_has_the_tags_that_the_engine_knows(exporting: Loaded) -> None:
    with open_source(exporting.reference) as source:
        found = source.choose()
    assert [tag.removeprefix("localhost/") for tag in found.tags] == [f"{exporting.repository}:v1"]
    assert str(found.config_digest) == sha256(exporting.recipe.config_json)


def test_an_interrupted_export_leaves_nothing(
    exporting: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    def interrupt(_done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_image(exporting.reference, progress=interrupt)
    assert list(folder.iterdir()) == []


@contextmanager
def podman_service(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a service of podman beside any other; give the path of its socket, and the process."""
    path = folder / "service.sock"
    environment = {name: value for name, value in os.environ.items() if name != "CONTAINER_HOST"}
    command = ["podman", "system", "service", "--time=0", f"unix://{path}"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            asking = ["podman", "--url", f"unix://{path}", "version"]
            while subprocess.run(asking, check=False, capture_output=True).returncode:
                assert process.poll() is None
            yield str(path), process
        finally:
            process.kill()


def test_an_engine_that_is_killed_in_an_export_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable("podman")
    folder = tmp_path / "temporary"
    folder.mkdir()
    with (
        kept(Loaded("podman", os.urandom(32_000_000)), tmp_path) as made,
        podman_service(tmp_path) as (path, process),
        forwarded(path) as forwarder,
    ):
        monkeypatch.setenv("CONTAINER_HOST", forwarder.host)
        monkeypatch.setattr("tempfile.tempdir", str(folder))

        def kill(done: int, _total: int | None) -> None:
            if done:
                process.kill()

        with pytest.raises(
            SourceError, match=rf"^cannot export .* from podman at {forwarder.host}: the connection .*$"
        ):
            open_image(made.reference, progress=kill)
        monkeypatch.undo()
    assert list(folder.iterdir()) == []


def test_the_error_for_a_missing_tag_lists_the_existing_tags(loaded: Loaded) -> None:
    with pytest.raises(
        ImageNotFound, match=f"has no image {loaded.repository} .known tags: .*{loaded.repository}:v1.$"
    ):
        open_source(f"{loaded.engine}://{loaded.repository}")


def test_a_name_that_no_engine_has(engine: str) -> None:
    with pytest.raises(ImageNotFound, match=rf"^{engine} has no image layerscope-test-absent$"):
        open_source(f"{engine}://layerscope-test-absent")
    with pytest.raises(
        ImageNotFound, match=r"^no file or folder is named layerscope-test-absent, and .* (has no|has an) image"
    ):
        open_source("layerscope-test-absent")


def test_local_images_are_listed(loaded: Loaded) -> None:
    (listed,) = [each for each in local_images().found if any(loaded.repository in tag for tag in each.tags)]
    assert (listed.engine, listed.image_id.removeprefix("sha256:")) == (
        loaded.engine,
        sha256(loaded.recipe.config_json).removeprefix("sha256:"),
    )
    with open_source(listed.reference) as source:
        assert str(source.choose().config_digest) == sha256(loaded.recipe.config_json)


def test_sizes_are_those_that_docker_reports(tmp_path: Path) -> None:
    reachable("docker")
    with kept(Loaded("docker"), tmp_path) as made:
        told = json.loads(run("docker", "system", "df", "-v", "--format", "{{json .Images}}"))
        (row,) = [row for row in told if row["Repository"] == made.repository]
        (listed,) = [each for each in local_images(Engine.DOCKER).found if f"{made.repository}:v1" in each.tags]
        facts = {"Size": listed.size, "SharedSize": listed.shared_size, "UniqueSize": listed.unique_size}
        assert {name: rounded(row[name]) for name in facts} == {name: rounded(size) for name, size in facts.items()}


def test_shared_layers_and_what_a_removal_frees_are_what_the_engine_has(engine: str, tmp_path: Path) -> None:
    base = layer(file("base", uuid.uuid4().bytes * 10_000))
    with ExitStack() as stack:
        made = [Loaded(engine, b"x" * 50_000 * number) for number in (1, 2)]
        for number, each in enumerate(made):
            each.recipe = image(base, each.tar, tags=[f"{each.repository}:v1"])
            (tmp_path / str(number)).mkdir()
            stack.enter_context(kept(each, tmp_path / str(number)))
        found = layered_images(Engine(engine)).found
        (shared,) = [each for each in sharing(found).layers if each.layer.diff_id == sha256(base)]
        names = [tag.removeprefix("localhost/") for image in shared.images for tag in image.tags]
        assert (sorted(names), shared.copies) == (sorted(f"{each.repository}:v1" for each in made), 1)
        for each in made:
            (listed,) = [one.image for one in found if any(each.repository in tag for tag in one.image.tags)]
            assert listed.size is not None
            # podman counts the bytes of a layer's tar, docker those of its files
            assert listed.unique_size == listed.size - (len(base) if engine == "podman" else 160_000)


def rounded(size: str | int | None) -> str:
    """Return a size in three digits, as Docker prints it."""
    if isinstance(size, str):
        number = float(size.rstrip("kMGTB"))
        size = round(number * 1000 ** "BkMGT".index(size.rstrip("B")[-1:] if size[-2].isalpha() else "B"))
    return f"{size:.2e}"


def test_an_image_is_built_and_opened(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hello").write_text("hello")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY hello /\nENV A=1\n")
    monkeypatch.setattr("shutil.which", lambda name: name if name == engine else None)
    tag = f"layerscope-test-{uuid.uuid4().hex[:12]}:v1"
    report = build(["-t", tag, *(["--isolation", "chroot"] if engine == "podman" else []), str(tmp_path)])
    try:
        with open_source(report.references[0]) as source:
            found = source.choose()
            assert [step.layer for step in found.steps] == [1, None]
            assert [each.removeprefix("localhost/") for each in found.tags] == [tag]
            assert found.source == engine
        assert "".join(capfd.readouterr())
    finally:
        run(engine, "rmi", "-f", tag)


def test_a_failed_build_has_the_builders_exit_status(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name if name == engine else None)
    (tmp_path / "Dockerfile").write_text("NONSENSE\n")
    status = subprocess.run([engine, "build", str(tmp_path)], capture_output=True, check=False).returncode
    report = build([str(tmp_path)])
    assert (report.exit_status, report.references) == (status, ())


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a Dockerfile, for a build by docker."""
    reachable("docker")
    need("docker", "buildx", "version")
    # a layer of its own: no other build is in the cache, or removes the image
    (tmp_path / "hello").write_text(uuid.uuid4().hex)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY hello /\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_build_may_write_its_result_elsewhere(context: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert build(["-o", "out", "."]).references == ()
    assert (context / "out" / "hello").read_text() == (context / "hello").read_text()
    assert build(["--output=type=tar,dest=out.tar", "."]).references == ()
    with tarfile.open(context / "out.tar") as tar:
        assert tar.getnames() == ["hello"]
    capfdbinary.readouterr()
    assert build(["-o", "-", "."]).references == ()
    with tarfile.open(fileobj=io.BytesIO(capfdbinary.readouterr().out)) as tar:
        assert tar.getnames() == ["hello"]


def test_a_build_keeps_the_users_own_files(context: Path) -> None:
    for own, file_name in ((["--iidfile", "id"], "id"), (["--metadata-file=facts"], "facts")):
        report = build([*own, "."])
        image_id = report.references[0].removeprefix("docker://")
        assert image_id in (context / file_name).read_text()
        with open_source(report.references[0]) as source:
            assert len(source.choose().layers) == 1
        run("docker", "rmi", "--force", image_id)


def test_the_classic_builder_states_its_image(context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    report = build([str(context)])
    with open_source(report.references[0]) as source:
        assert len(source.choose().layers) == 1
    run("docker", "rmi", "--force", report.references[0].removeprefix("docker://"))


@pytest.fixture
def no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let neither podman's service nor Docker be found; return the folder for temporary files."""
    reachable("podman")
    monkeypatch.delenv("CONTAINER_HOST", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    if shutil.which("podman") is None or Path("/run/podman/podman.sock").exists():
        pytest.skip("podman's command is not here, or its service runs at the usual place")
    # the path of a socket is short
    with TemporaryDirectory(dir="/tmp") as temporary:
        monkeypatch.setattr("tempfile.tempdir", temporary)
        yield Path(temporary)


def test_podman_serves_for_as_long_as_it_is_needed_if_no_service_runs(no_service: Path, tmp_path: Path) -> None:
    with kept(Loaded("podman"), tmp_path) as made:
        with open_source(f"podman://{made.repository}:v1") as source:
            assert str(source.choose().config_digest) == sha256(made.recipe.config_json)
        with pytest.raises(ImageNotFound, match=r"^podman has no image layerscope-test-absent$"):
            open_source("podman://layerscope-test-absent")
        assert any(f"{made.repository}:v1" in tag for each in local_images(Engine.PODMAN).found for tag in each.tags)
    assert list(no_service.iterdir()) == []
    assert str(no_service).encode() not in run("ps", "-eo", "args")


def test_what_podman_says_of_a_failure_is_in_the_error(no_service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = no_service / "storage.conf"
    storage.write_text('[storage]\ndriver = "absent"\nrunroot = "/nowhere"\ngraphroot = "/nowhere"\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(storage))
    with pytest.raises(EngineUnavailable, match=r"^no podman engine answers \(tried podman system service: .*absent"):
        open_source("podman://layerscope-test-absent")


def test_a_build_without_docker_and_podman_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    with pytest.raises(EngineUnavailable, match="none of docker, podman, buildah is installed"):
        build(["."])
