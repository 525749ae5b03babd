"""Builds by real builders: their outputs and exit status, and the report on the cache with each cause."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from _pytest.mark import ParameterSet

from tests.engines.tools import need, run

pytestmark = pytest.mark.engine

_CHROOT = ("--isolation=chroot", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
_BASE = "FROM scratch\nCOPY base.txt /\n"
_DOCKERFILE = """\
# a comment
FROM {base}
ARG V=1
ENV A={env}
COPY v-${{V}} /v
COPY page.html other.txt /srv/
CMD ["x"]
"""


class Builder(NamedTuple):
    """A builder, with the options that it needs on this machine."""

    name: str
    command: str
    engine: str
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


BUILDERS = (
    Builder("buildkit", "docker", "docker", (), (("DOCKER_BUILDKIT", "1"),)),
    Builder("provenance", "docker", "docker", ("--provenance=mode=max",), (("DOCKER_BUILDKIT", "1"),)),
    Builder("classic", "docker", "docker", (), (("DOCKER_BUILDKIT", "0"),)),
    Builder("podman", "podman", "podman", _CHROOT),
    Builder("buildah", "buildah", "podman", ("--layers", *_CHROOT)),
)


class App:
    """A context, and the tag under which it is built."""

    def __init__(self, builder: Builder, folder: Path) -> None:
        self.builder, self.folder = builder, folder
        name = f"layerscope-test-{uuid.uuid4().hex[:12]}"
        self.base, self.tag = f"{name}-base:1", f"{name}:1"
        self.context = folder / "app"
        self.context.mkdir()
        for file in ("page.html", "other.txt", "v-1", "v-2"):
            (self.context / file).write_text(f"{file} {name}\n")
        self.write(env=1)
        self.build_base("first")

    def write(self, *, env: int) -> None:
        (self.context / "Dockerfile").write_text(_DOCKERFILE.format(base=self.base, env=env))

    def build_base(self, text: str) -> None:
        folder = self.folder / "base"
        folder.mkdir(exist_ok=True)
        (folder / "base.txt").write_text(f"{text} {self.base}\n")
        (folder / "Dockerfile").write_text(_BASE)
        builder = self.builder
        options = [option for option in builder.options if not option.startswith("--provenance")]
        run(builder.command, "build", *options, "-t", self.base, folder, environment=dict(builder.environment))

    def build(self, *options: str) -> Any:
        """Build with layerscope, and return the report."""
        report = self.folder / "report.json"
        own = ("--builder-command", self.builder.command, "--build-report", report)
        command = ["build", *own, *self.builder.options, "-t", self.tag, *options, self.context]
        done = launched(command, dict(self.builder.environment))
        assert done.returncode == 0, done.stderr
        return json.loads(report.read_text())

    def remove(self) -> None:
        for tag in (self.tag, self.base):
            subprocess.run([self.builder.engine, "rmi", "-f", tag], capture_output=True, check=False)


def launched(
    arguments: Sequence[object], environment: dict[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "layerscope", *map(str, arguments)]
    return subprocess.run(
        command, env={**os.environ, **(environment or {})}, cwd=folder, capture_output=True, check=False
    )


def _params() -> Iterator[ParameterSet]:
    for builder in BUILDERS:
        marks = [pytest.mark.containerd] if builder.name == "provenance" else []
        yield pytest.param(builder, id=builder.name, marks=marks)


@pytest.fixture(params=_params())
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    builder: Builder = request.param
    need(builder.command, "version")
    need(builder.engine, "version")
    if builder.name == "provenance" and "io.containerd.snapshotter" not in run("docker", "info").decode():
        pytest.skip("only the image store of containerd keeps provenance")
    made = App(builder, tmp_path)
    yield made
    made.remove()


def cause(report: Any) -> tuple[str, int | None, list[str]] | None:
    missed = report["miss"]
    return None if missed is None else (missed["cause"], missed["line"], missed["files"])


def test_each_cause_of_a_cache_miss_is_reported(app: App) -> None:
    assert cause(app.build()) == ("first-build", 5, [])
    assert cause(app.build()) is None
    page = app.context / "page.html"
    page.write_text(page.read_text().swapcase())
    report = app.build()
    assert cause(report) == ("files", 6, ["page.html"])
    assert [step["cache"] for step in report["steps"] if not step["base"]] == ["hit", "miss"]
    assert report["size_delta"] == 0
    assert cause(app.build("--no-cache")) == ("no-cache", 5, [])
    # the classic builder and podman record neither the value nor the name of the file: layerscope remembers the value
    assert cause(app.build("--build-arg", "V=2")) == ("argument", 5, [])
    app.build_base("second")
    assert cause(app.build("--build-arg", "V=2")) == ("base", 5, [])


def test_another_instruction_is_reported(app: App) -> None:
    app.build()
    file = app.context / "Dockerfile"
    file.write_text(file.read_text().replace("COPY page.html other.txt /srv/", "COPY page.html /data/"))
    report = app.build()
    assert cause(report) == ("instruction", 6, [])
    assert "became COPY" in report["miss"]["text"]


LINES = [
    "-t {tag} .",
    "-q -t {tag} .",
    "--quiet .",
    "-t {tag} -t {tag}2 .",
    ".",
    "-o out .",
    "-o type=tar,dest=out.tar .",
    "--output type=tar,dest=- .",
    "--iidfile id -t {tag} .",
    "-q --iidfile id .",
    "--target first -t {tag} .",
    "--target none .",
    "--platform linux/amd64 -t {tag} .",
    "--platform linux/amd64,linux/arm64 -t {tag} .",
    "--build-arg A=1 --label x=y -t {tag} .",
    "-f other/Dockerfile -t {tag} .",
    "-f missing .",
    "--no-such-option .",
    "missing-folder",
    "--no-cache -q -t {tag} .",
    "-t UPPER .",
    "-t {tag} -f bad .",
]


@pytest.mark.parametrize(
    "builder", [BUILDERS[0], BUILDERS[2], BUILDERS[3], BUILDERS[4]], ids=lambda builder: builder.name
)
def test_outputs_and_exit_status_equal_the_builders(builder: Builder, tmp_path: Path) -> None:
    need(builder.command, "version")
    need(builder.engine, "version")
    tag = f"layerscope-test-{uuid.uuid4().hex[:12]}:1"
    try:
        for line in LINES:
            arguments = [*builder.options, *line.format(tag=tag).split()]
            plain, ours = (folder_with_files(tmp_path / uuid.uuid4().hex) for _ in range(2))
            environment = dict(builder.environment)
            command = [builder.command, "build", *arguments]
            expected = subprocess.run(
                command, cwd=plain, env={**os.environ, **environment}, capture_output=True, check=False
            )
            own = ["build", "--builder-command", builder.command]
            done = launched([*own, *arguments], environment, ours)
            assert done.returncode == expected.returncode, (line, done.stderr)
            assert written(ours) == written(plain), line
            assert kind(done.stdout) == kind(expected.stdout), line
    finally:
        for each in (tag, f"{tag}2"):
            subprocess.run([builder.engine, "rmi", "-f", each], capture_output=True, check=False)


def folder_with_files(folder: Path) -> Path:
    (folder / "other").mkdir(parents=True)
    (folder / "hello").write_text(f"hello {folder.parent.name}")
    (folder / "bad").write_text("NONSENSE\n")
    for name in ("Dockerfile", "other/Dockerfile"):
        (folder / name).write_text("FROM scratch AS first\nCOPY hello /\nFROM first\nCOPY hello /again\nENV A=1\n")
    return folder


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def kind(output: bytes) -> tuple[bool, bool, bool]:
    """Return what two builds of one context have in common in their output: ids, times and cached steps differ."""
    lines = output.splitlines()
    return bool(output), output[257:262] == b"ustar", len(lines) == 1 and len(lines[0].removeprefix(b"sha256:")) == 64
