"""Runners for the tools of real engines; a test whose tool is missing is skipped, with the reason."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

VARIABLES = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}
"""The variable that holds the address of each engine."""

Document = dict[str, Any]

_CHROOT = ("--isolation=chroot", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
"""Options of podman and buildah builds on a machine with few privileges."""


def run(*command: str | Path, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> bytes:
    """Return the output of a command; if it fails, the test report shows its error output."""
    done = subprocess.run(
        list(map(str, command)),
        env={**os.environ, **(environment or {})},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr.decode('utf-8', 'replace')}"
    return done.stdout


def need(tool: str, *answering: str) -> None:
    """Skip the test if the tool is missing, or if it fails with these arguments because its engine does not answer."""
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} on this machine")
    if answering:
        done = subprocess.run([tool, *answering], capture_output=True, check=False)
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
            pytest.skip(f"{tool} does not work here: {reason[-1] if reason else 'no reason given'}")


@dataclass(frozen=True)
class Builder:
    """A program that builds images, and the engine that stores them."""

    name: str
    engine: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def build(self, context: Path) -> "Built":
        """Build a context under a unique tag."""
        need(self.command[0], "version")
        need(self.engine, "version")
        tag = f"layerscope-test-{uuid.uuid4().hex[:12]}:v1"
        run(*self.command, "--no-cache", "--network=host", "-t", tag, context, environment=dict(self.environment))
        return Built(self.name, self.engine, tag)


@dataclass(frozen=True)
class Built:
    """An image in an engine."""

    builder: str
    engine: str
    tag: str

    @property
    def reference(self) -> str:
        """The reference that layerscope opens."""
        return f"{self.engine}://{self.tag}"

    def save(self, path: Path, *options: str) -> Path:
        """Save the image with the engine."""
        run(self.engine, "save", *options, "-o", path, self.tag)
        return path

    def export(self, path: Path) -> Path:
        """Export the file system of a container that is created but never started."""
        container = run(self.engine, "create", self.tag).decode().split()[-1]
        try:
            run(self.engine, "export", "-o", path, container)
        finally:
            run(self.engine, "rm", container)
        return path

    def remove(self) -> None:
        """Remove the image from the engine."""
        run(self.engine, "rmi", "-f", self.tag)


BUILDERS = {
    builder.name: builder
    for builder in (
        Builder("buildkit", "docker", ("docker", "build"), (("DOCKER_BUILDKIT", "1"),)),
        Builder("classic", "docker", ("docker", "build"), (("DOCKER_BUILDKIT", "0"),)),
        Builder("podman", "podman", ("podman", "build", *_CHROOT)),
        Builder("buildah", "podman", ("buildah", "build", "--layers", *_CHROOT)),
    )
}


def skopeo(source: str, target: str, *options: str) -> None:
    """Copy an image to another form; the images are not signed, so no policy file is needed."""
    need("skopeo")
    run("skopeo", "--insecure-policy", "copy", "--quiet", *options, source, target)


def _copied(transport: str, *options: str) -> Callable[[Built, Path], str]:
    def make(built: Built, folder: Path) -> str:
        saved, target = built.save(folder / "saved.tar"), folder / "copy"
        skopeo(f"docker-archive:{saved}", f"{transport}:{target}:{built.tag}", *options)
        return str(target)

    return make


FORMS: dict[str, Callable[[Built, Path], str]] = {
    "by reference": lambda built, _folder: built.reference,
    "OCI folder, gzip": _copied("oci"),
    "OCI folder, zstd": _copied("oci", "--dest-compress-format=zstd"),
    "OCI archive": _copied("oci-archive"),
    "docker archive from skopeo": _copied("docker-archive"),
}
"""Forms of an image beside the engine's own `save`; each function returns the reference to open."""
