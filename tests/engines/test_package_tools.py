"""The packages at each layer equal what the real tools say of its tree: dpkg, rpm, pip and npm, without a network."""

import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from layerscope.session.files.packages import packages_of
from layerscope.session.open import open_image
from tests.builders import file, image, layer, oci_archive, whiteout
from tests.engines.tools import need, run

pytestmark = pytest.mark.engine

Versions = set[tuple[str, str]]


class Tool(NamedTuple):
    """A package manager: ``make`` makes a package in a folder, ``put`` installs it below a root, ``remove`` by name.

    ``listed`` returns the names and the versions that the tool itself lists.
    """

    manager: str
    make: Callable[[Path, str, str], Path]
    put: Callable[[Path, Path], object]
    remove: Callable[[Path, str], object]
    listed: Callable[[Path], Versions]


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def pairs(lines: bytes) -> Versions:
    return {(name, version) for name, version in (line.split() for line in lines.decode().splitlines())}


def dpkg() -> Tool:
    need("dpkg-deb", "--version")

    def make(folder: Path, name: str, version: str) -> Path:
        tree = folder / f"{name}-{version}"
        fields = (
            f"Package: {name}",
            f"Version: {version}",
            "Architecture: all",
            "Maintainer: x",
            "Description: x",
        )
        written(tree / "DEBIAN/control", "\n".join((*fields, "")))
        written(tree / f"usr/share/{name}/data", version)
        run("dpkg-deb", "--build", tree)
        return tree.with_name(f"{tree.name}.deb")

    def command(root: Path) -> list[str | Path]:
        written(root / "var/lib/dpkg/triggers/Lock", "")
        for name in ("status", "available"):
            (root / "var/lib/dpkg" / name).touch()
        (root / "var/lib/dpkg/updates").mkdir(exist_ok=True)
        (root / "var/lib/dpkg/info").mkdir(exist_ok=True)
        path = os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin"))
        return ["env", f"PATH={path}", "dpkg", f"--root={root}", "--force-not-root", "--log=/dev/null"]

    def listed(root: Path) -> Versions:
        shown = "${db:Status-Status} ${Package} ${Version}\n"
        lines = run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", shown).splitlines(keepends=True)
        return pairs(b"".join(line.partition(b" ")[2] for line in lines if line.startswith(b"installed ")))

    return Tool(
        "dpkg",
        make,
        lambda root, package: run(*command(root), "--install", package),
        lambda root, name: run(*command(root), "--remove", name),
        listed,
    )


def rpm(backend: str) -> Tool:
    need("rpmbuild", "--version")

    def make(folder: Path, name: str, version: str) -> Path:
        parts = (
            "%description",
            "x",
            "%install",
            f"mkdir -p %{{buildroot}}/opt/{name}",
            f"echo {version} > %{{buildroot}}/opt/{name}/data",
        )
        fields = f"Name: {name}\nVersion: {version}\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n"
        spec = written(folder / f"{name}.spec", "\n".join((fields, *parts, "%files", f"/opt/{name}", "")))
        defined = ("_topdir " + str(folder), "_rpmfilename %%{NAME}-%%{VERSION}.rpm", "__spec_install_post %{nil}")
        run("rpmbuild", *(each for define in defined for each in ("--define", define)), "-bb", spec)
        return folder / f"RPMS/{name}-{version}.rpm"

    def command(root: Path) -> list[str | Path]:
        return ["rpm", "--dbpath", root / "var/lib/rpm", "--define", f"_db_backend {backend}", "--nosignature"]

    options = ("--justdb", "--nodeps", "--nodigest")
    return Tool(
        "rpm",
        make,
        lambda root, package: run(*command(root), "-U", "--oldpackage", *options, package),
        lambda root, name: run(*command(root), "-e", "--justdb", name),
        lambda root: pairs(run(*command(root), "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE}\n")),
    )


def pip() -> Tool:
    need(sys.executable, "-m", "pip", "--version")

    def make(folder: Path, name: str, version: str) -> Path:
        wheel, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}/__init__.py", f"version = {version!r}\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return wheel

    def command(root: Path) -> list[str | Path]:
        if not (root / "venv").exists():
            run(sys.executable, "-m", "venv", "--without-pip", root / "venv")
        return [sys.executable, "-m", "pip", "--python", root / "venv/bin/python", "--disable-pip-version-check"]

    return Tool(
        "pip",
        make,
        lambda root, package: run(*command(root), "install", "--no-index", package),
        lambda root, name: run(*command(root), "uninstall", "-y", name),
        lambda root: {
            (each["name"], each["version"]) for each in json.loads(run(*command(root), "list", "--format", "json"))
        },
    )


def npm() -> Tool:
    need("npm", "--version")

    def make(folder: Path, name: str, version: str) -> Path:
        tree = folder / f"{name}-{version}"
        written(tree / "package.json", json.dumps({"name": name, "version": version}))
        run("npm", "pack", tree, "--pack-destination", folder)
        return folder / f"{name}-{version}.tgz"

    def command(root: Path, *words: str | Path) -> bytes:
        root.mkdir(exist_ok=True)
        return run("npm", "--prefix", root, "--offline", "--no-audit", *words)

    return Tool(
        "npm",
        make,
        lambda root, package: command(root, "install", package),
        lambda root, name: command(root, "uninstall", name),
        lambda root: {
            (name, each["version"])
            for name, each in json.loads(command(root, "ls", "--json")).get("dependencies", {}).items()
        },
    )


TOOLS: dict[str, Callable[[], Tool]] = {
    "dpkg": dpkg,
    "rpm-sqlite": lambda: rpm("sqlite"),
    "rpm-ndb": lambda: rpm("ndb"),
    "pip": pip,
    "npm": npm,
}


def regular_files(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def steps(tool: Tool, folder: Path, root: Path) -> Iterator[None]:
    """Change what is installed, and yield after each layer's worth of it."""
    folder.mkdir()
    packages = {each: tool.make(folder, *each) for each in (("alpha", "1.9.0"), ("alpha", "1.10.0"), ("beta", "2.0.0"))}
    tool.put(root, packages["alpha", "1.9.0"])
    yield
    tool.put(root, packages["beta", "2.0.0"])
    tool.put(root, packages["alpha", "1.10.0"])
    yield
    tool.remove(root, "beta")
    yield
    tool.put(root, packages["alpha", "1.9.0"])
    yield


@pytest.mark.parametrize("name", TOOLS)
def test_the_packages_at_each_layer_are_those_that_the_tool_lists(name: str, tmp_path: Path) -> None:
    tool, root = TOOLS[name](), tmp_path / "root"
    layers, listed, before = [], list[Versions](), dict[str, bytes]()
    for _ in steps(tool, tmp_path / "packages", root):
        listed.append(tool.listed(root))
        after = regular_files(root)
        changed = (file(path, data) for path, data in after.items() if before.get(path) != data)
        layers.append(layer(*changed, *(whiteout(path) for path in before if path not in after)))
        before = after
    archive = oci_archive(tmp_path / "image.tar", image(*layers))
    with open_image(str(archive)) as session:
        found = [packages_of(session, number) for number in range(1, len(listed) + 1)]
    assert [{each.package[1:3] for each in at.packages} for at in found] == listed
    assert {each.package.manager for at in found for each in at.packages} == {tool.manager}
    events = [(event.layer, event.name, event.change.value) for event in found[-1].events]
    assert events == [
        (1, "alpha", "added"),
        (2, "alpha", "upgraded"),
        (2, "beta", "added"),
        (3, "beta", "removed"),
        (4, "alpha", "downgraded"),
    ]
