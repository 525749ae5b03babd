"""The hard image from every builder, in every form: the same entries, marks and final tree."""

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from layerscope.analysis.size.base_image import BaseImage
from layerscope.model.image import Step
from layerscope.session.dockerfile.lines import shown_dockerfile
from layerscope.session.open import open_image
from tests.cli.runner import ask, document
from tests.engines.hard_image import BUSYBOX, CHANGES, DIFFERENT_LINKS, write_context
from tests.engines.tools import BUILDERS, FORMS, Built, need, run, skopeo
from tests.engines.trees import Marks, exported_tree, final_tree, is_made_by_engines, marks

pytestmark = pytest.mark.engine

Images = Callable[[str], Built]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """Build the hard image with a builder, once, and remove it at the end."""
    context: list[Path] = []
    made: dict[str, Built] = {}

    def build(name: str) -> Built:
        if not BUSYBOX.exists():
            pytest.skip(f"no {BUSYBOX} on this machine")
        if not context:
            context.append(write_context(tmp_path_factory.mktemp("context")))
        if name not in made:
            made[name] = BUILDERS[name].build(context[0])
        return made[name]

    yield build
    for built in made.values():
        built.remove()


@pytest.fixture(params=list(BUILDERS))
def built(request: pytest.FixtureRequest, images: Images) -> Built:
    """Return the hard image of each builder."""
    return images(str(request.param))


@pytest.fixture
def saved(built: Built, tmp_path: Path) -> str:
    """Return the archive that the engine saves."""
    return str(built.save(tmp_path / "image.tar"))


def layer_of(reference: str, words: str) -> int:
    """Return the number of the layer whose instruction ends with the words."""
    with open_image(reference) as session:
        (step,) = [step for step in session.image.steps if step.layer and step.title.rstrip('"]').endswith(words)]
        assert step.layer is not None
        return step.layer


def test_marks_show_what_a_step_changed(saved: str) -> None:
    layer = layer_of(saved, "/bin/first")
    shown = {f"/{path.decode('utf-8', 'replace')}": change for path, (change, _) in marks(saved)[layer - 1].items()}
    assert {path: shown.get(path) for path in CHANGES} == CHANGES


def test_the_final_tree_equals_the_export_of_the_engine(built: Built, saved: str, tmp_path: Path) -> None:
    assert final_tree(saved) == exported_tree(built.export(tmp_path / "export.tar"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_the_same(built: Built, saved: str, form: str, tmp_path: Path) -> None:
    assert marks(FORMS[form](built, tmp_path)) == marks(saved)


@pytest.mark.parametrize("builder", ["classic", "podman", "buildah"])
def test_builders_agree_on_each_step(builder: str, images: Images, tmp_path: Path) -> None:
    expected = str(images("buildkit").save(tmp_path / "expected.tar"))
    actual = str(images(builder).save(tmp_path / "actual.tar"))
    steps = layer_of(expected, "late /srv/app/")
    for expected_marks, actual_marks in list(zip(marks(expected), marks(actual), strict=False))[:steps]:
        assert comparable(actual_marks) == comparable(expected_marks)


def comparable(shown: Marks) -> dict[bytes, object]:
    """Return the marks without what differs between builders: times, mount points, a hard link across layers."""
    return {
        path: (change, entry.kind, entry.size, entry.mode, entry.uid, entry.gid, entry.link, entry.device, entry.xattrs)
        for path, (change, entry) in shown.items()
        if not is_made_by_engines(path) and path not in DIFFERENT_LINKS
    }


@pytest.mark.parametrize("command", [("podman", "save", "--format=oci-archive", "-o"), ("buildah", "push")])
def test_an_oci_archive_from_podman_or_buildah(command: tuple[str, ...], images: Images, tmp_path: Path) -> None:
    need(command[0])
    built, archive = images(command[0]), tmp_path / "image.oci.tar"
    if command[-1] == "push":
        run(*command, built.tag, f"oci-archive:{archive}")
    else:
        run(*command, archive, built.tag)
    assert marks(str(archive)) == marks(str(built.save(tmp_path / "saved.tar")))


def test_an_archive_of_two_images(images: Images, tmp_path: Path) -> None:
    both = tmp_path / "both.tar"
    pair = images("buildkit"), images("classic")
    run("docker", "save", "-o", both, *(built.tag for built in pair))
    for built in pair:
        assert marks(str(both), built.tag) == marks(str(built.save(tmp_path / "single.tar")))


def test_an_image_on_standard_input(saved: str) -> None:
    command = [sys.executable, "-m", "layerscope", "layers", "--json"]
    with Path(saved).open("rb") as archive:
        piped = json.loads(subprocess.run([*command, "-"], stdin=archive, stdout=subprocess.PIPE, check=True).stdout)
    opened = json.loads(subprocess.run([*command, saved], stdout=subprocess.PIPE, check=True).stdout)
    assert piped["layers"] == opened["layers"]
    assert [layer["error"] for layer in piped["layers"]] == [None] * len(piped["layers"])


def test_an_opaque_whiteout_from_umoci(images: Images, tmp_path: Path) -> None:
    need("umoci")
    base, layout = images("buildkit").save(tmp_path / "base.tar"), tmp_path / "layout"
    skopeo(f"docker-archive:{base}", f"oci:{layout}:v1")
    (tmp_path / "new").mkdir()
    (tmp_path / "new/inside").write_text("new")
    run("umoci", "insert", "--image", f"{layout}:v1", "--opaque", tmp_path / "new", "/srv/app")
    run("umoci", "insert", "--image", f"{layout}:v1", "--whiteout", "/srv/setuid")
    below, opaque, top = marks(str(layout))[-3:]
    hidden = {path for path, (change, _) in below.items() if path.startswith(b"srv/app/") and change != "removed"}
    assert hidden
    assert {path for path, (change, _) in opaque.items() if change == "removed"} == hidden
    assert {path for path, (change, _) in opaque.items() if change == "added"} == {b"srv/app/inside"}
    assert [path for path, (change, _) in top.items() if change != "unchanged"] == [b"srv/setuid"]
    assert final_tree(str(layout)) == exported_tree(exported_by_docker(layout, tmp_path))


def exported_by_docker(layout: Path, folder: Path) -> Path:
    """Load a foreign image into Docker, and return the export of a container of it."""
    loaded, archive = Built("umoci", "docker", f"layerscope-test-{uuid.uuid4().hex[:12]}:v1"), folder / "loaded.tar"
    # skopeo fails to copy straight into the daemon: umoci 0.4.7 leaves out the zero blocks at the end of its tars
    skopeo(f"oci:{layout}:v1", f"docker-archive:{archive}:{loaded.tag}")
    run("docker", "load", "-i", archive)
    try:
        return loaded.export(folder / "export.tar")
    finally:
        loaded.remove()


_BASE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox ln -s busybox /bin/sh && /bin/busybox ln -s busybox /bin/rm"]
"""
_APP = r"""FROM {base}
ARG VERSION=1
ENV PRICE="5\$ each" GREETING=hello
LABEL kind="a page"
RUN /bin/busybox mkdir -p /srv/data && echo 'a && b' >/srv/data/quoted && echo "$VERSION  $PRICE" >/srv/data/version
WORKDIR /srv/made
EXPOSE 80 443
HEALTHCHECK --interval=30s CMD /bin/busybox true
RUN echo "$GREETING" >greeting \
    && /bin/busybox chmod 0600 greeting
USER 33:44
CMD ["/bin/busybox", "httpd", "-f"]
"""


@pytest.mark.parametrize("name", BUILDERS)
def test_the_dockerfile_from_the_history_builds_the_same_tree(name: str, tmp_path: Path) -> None:
    if not BUSYBOX.exists():
        pytest.skip(f"no {BUSYBOX} on this machine")
    builder, made = BUILDERS[name], list[Built]()

    def build(folder: str, dockerfile: str) -> tuple[Built, str]:
        context = tmp_path / folder
        context.mkdir()
        shutil.copy(BUSYBOX, context / "busybox")
        (context / "Dockerfile").write_text(dockerfile)
        made.append(builder.build(context))
        return made[-1], str(made[-1].save(tmp_path / f"{folder}.tar"))

    try:
        base, base_archive = build("base", _BASE)
        _, first = build("app", _APP.format(base=base.tag))
        with open_image(first) as session, open_image(base_archive) as below:
            on_base = shown_dockerfile(session.image, BaseImage(base.tag, layers=len(below.image.layers)))
            expected = session.image.config
        _, again = build("again", "\n".join(on_base.dockerfile.lines))
        assert final_tree(again) == final_tree(first)
        with open_image(again) as session:
            assert session.image.config.config == expected.config
            assert [step.layer for step in session.image.steps] == [step.layer for step in steps_of(first)]
    finally:
        for each in reversed(made):
            each.remove()


def steps_of(reference: str) -> tuple[Step, ...]:
    with open_image(reference) as session:
        return session.image.steps


def test_the_patch_with_a_dockerignore_rebuilds_to_the_predicted_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not BUSYBOX.exists():
        pytest.skip(f"no {BUSYBOX} on this machine")
    need("git", "--version")
    shutil.copy(BUSYBOX, tmp_path / "busybox")
    for name in ("main", "tests/data", ".git/HEAD", ".git/objects/1"):
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 20_000)
    (tmp_path / "Dockerfile").write_text(f"{_BASE}COPY app /srv/\nRUN rm -rf /srv/tests\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    first = BUILDERS["buildkit"].build(tmp_path)
    try:
        expected = document(capsys, "why", first.reference)["size_after_advice"]
        patch = ask(capsys, "why", first.reference, "-f", "Dockerfile", "--patch").out
        subprocess.run(["git", "apply", "-"], input=patch, text=True, check=True)
    finally:
        first.remove()
    assert (tmp_path / ".dockerignore").read_text().splitlines() == ["app/.git", "app/tests"]
    again = BUILDERS["buildkit"].build(tmp_path)
    try:
        assert document(capsys, "layers", again.reference)["image"]["content_size"] == expected
    finally:
        again.remove()
