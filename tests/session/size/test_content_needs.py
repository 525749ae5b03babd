"""The content of compressed layers that a size report or a comparison needs, taken while these are listed."""

from pathlib import Path

import pytest

from layerscope.comparison.compare import compare_images
from layerscope.model.image import Compression
from layerscope.session.open import open_image
from layerscope.session.reading import layer_reading
from layerscope.session.reading.shared_layers import load_both
from layerscope.session.size.analysis import SizeAnalysis, size_analysis
from layerscope.sources.layer import content
from tests.builders import file, image, layer, oci_archive

STATUS = b"Package: app\nStatus: install ok installed\nVersion: %d\n"
BASE = layer(
    file("bin/app", b"\x7fELF" + bytes(5000)),
    file("bin/copy", b"\x7fELF" + bytes(5000)),
    file("usr/share/doc/core", b"\x7fELF" + bytes(9000)),
    file("srv/key.pem", b"-----BEGIN PRIVATE KEY-----"),
    file("root/.netrc", b"password secret"),
    file("var/lib/dpkg/status", STATUS % 1),
    file("var/lib/dpkg/info/app.list", b"/bin/app\n"),
    file("var/lib/dpkg/info/none.list"),
    file("usr/lib/python3/dist-packages/lib-1.dist-info/METADATA", b"Name: lib\nVersion: 1\n"),
    file("srv/node_modules/@a/b/package.json", b'{"name": "@a/b", "version": "2"}'),
    file("var/lib/dpkg/status.d/tool", b"Package: tool\nVersion: 3\n"),
    file("lib/apk/db/installed", b"P:musl\nV:4\n"),
)
TOP = layer(file("bin/copy", b"\x7fELF" + bytes(5000), uid=7))
NEW_TOP = layer(file("var/lib/dpkg/status", STATUS % 2))


def packed(path: Path, *layers: bytes) -> str:
    """Return an archive with compressed layers, whose last instruction installs recommended packages."""
    history = [{"created_by": "RUN apt-get install app"} for _ in layers]
    return str(oci_archive(path, image(*layers, history=history), compression=Compression.GZIP))


def forbid_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every pass over content fail."""
    monkeypatch.setattr(content, "open_layer_content", None)


def results(size: SizeAnalysis) -> object:
    """Return all that the analysis has found."""
    report = size.report._asdict()
    del report["prefixes"]
    return report, size.types, size.packages


def test_a_size_report_reads_compressed_layers_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "image.tar", BASE, TOP)
    with open_image(path) as session:
        expected = results(SizeAnalysis(session.load()))
    forbid_content(monkeypatch)
    with open_image(path) as session:
        size = size_analysis(session)
        assert results(size) == expected
        assert len(size.report.secrets) == 2
        assert len(size.packages.packages) == 5
        assert size.report.duplicates


def test_large_files_of_one_size_are_compared_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_reading, "_LARGEST_HASHED", 1000)
    with open_image(packed(tmp_path / "image.tar", BASE)) as session:
        (duplicate,) = size_analysis(session).report.duplicates
        assert duplicate.size == 5004


def test_packages_of_compressed_images_are_compared_without_another_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_content(monkeypatch)
    old_path, new_path = packed(tmp_path / "old.tar", BASE, TOP), packed(tmp_path / "new.tar", BASE, NEW_TOP)
    with open_image(old_path) as old, open_image(new_path) as new:
        packages = compare_images(*load_both(old, new)).packages
    assert [(each.name, each.before, each.after) for each in packages] == [("app", ("1",), ("2",))]
