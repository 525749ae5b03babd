"""A reference that a user types opens an image, or one sentence says what it is instead."""

import io
import os
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from layerscope.errors import ImageNotFound, LayerscopeError, SourceError, UnsupportedFormat
from layerscope.model.image import Compression
from layerscope.sources.open import open_source
from tests.builders import (
    Members,
    Opener,
    archive_bytes,
    compressed,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    oci_archive,
    oci_files,
    oci_layout,
    write_folder,
    write_tar,
)
from tests.tars import TarEntry

APP = image(layer(file("etc/hosts", b"H" * 3000)), layer(file("top")), tags=["my-app:v1"])


class Input:
    """Standard input that holds bytes."""

    def __init__(self, data: bytes, *, terminal: bool = False) -> None:
        self.buffer = io.BytesIO(data)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize("compression", list(Compression))
@pytest.mark.parametrize(
    "files", [docker_files(APP), oci_files(APP, compression=Compression.GZIP)], ids=["docker", "oci"]
)
def test_an_archive_compressed_as_a_whole(
    tmp_path: Path, opened: Opener, files: Members, compression: Compression
) -> None:
    found = opened(write_tar(tmp_path / "image", files, compression)).choose()
    assert found.tags == ("my-app:v1",)
    assert found.reference == str(tmp_path / "image")
    assert found.source in ("docker-archive", "oci-archive")


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
def test_an_archive_on_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: Compression
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", Input(compressed(archive_bytes(docker_files(APP)), compression)))
    with open_source("-") as source:
        found = source.choose()
        assert (found.reference, found.source, found.tags) == ("-", "docker-archive", ("my-app:v1",))
        assert found.layers[0].blob is not None
        assert Path(found.layers[0].blob.path).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_or_a_closed_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input(b"", terminal=True))
    with pytest.raises(SourceError, match="standard input is a terminal: pipe an archive into it"):
        open_source("-")
    monkeypatch.setattr(sys, "stdin", Input(b""))
    with pytest.raises(UnsupportedFormat, match="standard input is empty"):
        open_source("-")
    with pytest.raises(SourceError, match="standard input can be read only once"):
        open_source("-")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SourceError, match="standard input is closed"):
        open_source("-")


def test_a_named_pipe_is_read_to_its_end(tmp_path: Path, opened: Opener) -> None:
    pipe, data = tmp_path / "pipe", archive_bytes(docker_files(APP))
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    assert opened(pipe).choose().tags == ("my-app:v1",)
    writer.join()


def test_a_file_wins_over_a_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_archive(tmp_path / "my-app", APP)
    monkeypatch.chdir(tmp_path)
    with open_source("my-app") as source:
        found = source.choose()
        assert found.source == "docker-archive"
        assert found.layers[0].blob is not None
        assert Path(found.layers[0].blob.path).is_absolute()


def test_a_folder_that_is_not_an_image_says_how_to_name_the_engines_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my-app").mkdir()
    monkeypatch.chdir(tmp_path)
    sentence = (
        r"^my-app is a folder but not an image: it has no manifest\.json and no index\.json "
        r"\(for an engine's image of that name, write docker://my-app\)$"
    )
    with pytest.raises(UnsupportedFormat, match=sentence):
        open_source("my-app")


def test_an_unknown_name_without_an_engine_is_an_error() -> None:
    with pytest.raises(ImageNotFound) as caught:
        open_source("my-app:v1")
    assert str(caught.value) == (
        "no file or folder is named my-app:v1, and no container engine answers "
        "(tried docker at unix:///no/docker.sock: no such socket; podman at unix:///no/podman.sock: no such socket)"
        "; layerscope registry://my-app:v1 reads it from its registry"
    )


@pytest.mark.parametrize(
    "reference", ["", "./my-app.tar", "/no/such/file", "My App", "http://x/y", "docker://", "x" * 5000, "a\0b"]
)
def test_an_invalid_reference_asks_no_engine(reference: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(reference)
    assert "engine" not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "{} is empty"),
        (b"FROM scratch\nCOPY a /\n", "{} is a text file, not an image"),
        ("größer\n".encode() * 200, "{} is a text file, not an image"),
        (b'{"json": 5}', "{} is a text file, not an image"),
        (
            b"\x7fELF\x02\x01\x01" + bytes(2000),
            "{} is not an image: it is not a tar archive, even one compressed",
        ),
        (bytes(10240), "{} is an empty tar archive"),
        (
            layer(file("etc/hosts")),
            "{} is a tar archive but not an image: it has no manifest.json and no index.json",
        ),
        (
            layer(file("./etc/hosts"), file("usr/bin/x")),
            "{} is a file system without layers, not an image: docker save",
        ),
        (layer(file(".dockerenv"), file("x")), "without layers, not an image: docker save NAME writes the image, and"),
        (layer(file("my-app/index.json")), ", but my-app/index.json: unpack it and open the folder my-app"),
        (
            layer(file("repositories", b"{}"), file("aaa/layer.tar"), file("aaa/json")),
            "no index.json; it was saved by a Docker before 1.10: load it",
        ),
        (b"\x1f\x8b\x08 broken", "{} is truncated or broken: the gzip stream"),
        (compressed(b"", Compression.GZIP), "{} is empty"),
        (compressed(b"text\n", Compression.XZ), "{} is a text file, not an image"),
    ],
)
def test_a_file_that_is_not_an_image_is_named_for_what_it_is(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormat) as caught:
        open_source(str(path))
    assert sentence.format(path) in str(caught.value)


def test_a_device_is_not_an_image() -> None:
    with pytest.raises(UnsupportedFormat, match="/dev/zero is neither a file nor a folder"):
        open_source("/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "x.tar", APP)
    path.chmod(0)
    with pytest.raises(SourceError, match=r"cannot read .*x\.tar: Permission denied"):
        open_source(str(path))
    path.chmod(stat.S_IRUSR)


def test_a_truncated_archive_says_so(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "x.tar", APP)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(LayerscopeError) as caught:
        open_source(str(path)).choose()
    assert str(caught.value).startswith(f"{path} is truncated or broken: it ends inside")
    assert str(caught.value).endswith("; what could be read of it has no manifest.json and no index.json")


def test_a_truncated_compressed_archive_says_so(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar.gz", docker_files(APP), Compression.GZIP)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(LayerscopeError, match="is truncated or broken: the gzip stream ends early"):
        open_source(str(path)).choose()


def test_an_archive_truncated_anywhere_is_an_image_or_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    for files in (docker_files(APP), oci_files(APP)):
        whole = archive_bytes(files)
        for size in range(0, len(whole), 256):
            path.write_bytes(whole[:size])
            try:
                with open_source(str(path)) as source:
                    source.choose()
            except LayerscopeError as error:
                assert str(path) in str(error)  # noqa: PT017  # both ends are right


def test_names_with_control_characters_do_not_reach_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[2J\u202e.tar"
    path.write_bytes(b"text\n")
    with pytest.raises(UnsupportedFormat) as caught:
        open_source(str(path))
    assert str(caught.value).isprintable()


def test_decompressing_an_archive_reports_progress(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "x.tar.gz", docker_files(APP), Compression.GZIP)
    seen: list[tuple[int, int | None]] = []
    with open_source(str(path), progress=lambda done, total: seen.append((done, total))):
        assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_an_uncompressed_archive_is_read_in_place(tmp_path: Path, opened: Opener) -> None:
    path = oci_archive(tmp_path / "x.tar", APP)
    span = opened(path).choose().layers[0].blob
    assert span is not None
    assert span.path == str(path)


def test_no_temporary_file_is_left_if_the_decompressed_file_is_not_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tar(tmp_path / "x.tar.gz", {"a": b"A"}, Compression.GZIP)
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(UnsupportedFormat):
        open_source(str(path))
    assert list(folder.iterdir()) == []


def test_folders_of_both_formats_open(tmp_path: Path, opened: Opener) -> None:
    assert opened(oci_layout(tmp_path / "oci", APP)).choose().source == "oci-layout"
    assert opened(write_folder(tmp_path / "docker", docker_files(APP))).choose().source == "docker-folder"


def test_a_file_that_is_read_in_place_needs_no_heavy_imports(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "x.tar", APP)
    code = (
        "import sys; from layerscope.sources.open import open_source; open_source(sys.argv[1]).choose();"
        "sys.exit(any(name in sys.modules for name in ('http', 'socket', 'subprocess', 'tempfile', 'lzma')))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0


@pytest.mark.parametrize(
    "reference",
    ["testrepo/index.json", "testrepo/oci-layout", "testrepo/blobs/sha256/{}", "./testrepo/index.json"],
)
def test_a_file_of_a_layout_points_to_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = oci_layout(tmp_path / "testrepo", APP)
    blob = min(path.name for path in (folder / "blobs" / "sha256").iterdir())
    with pytest.raises(UnsupportedFormat, match=r"is part of an image layout: open the folder testrepo$"):
        open_source(reference.format(blob))


def test_a_list_of_an_unpacked_docker_archive_points_to_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_folder(tmp_path / "saved", docker_files(APP)))
    with pytest.raises(UnsupportedFormat, match=r"^manifest\.json is part of an image layout: open the folder \.$"):
        open_source("manifest.json")


def test_a_text_file_beside_an_image_is_still_a_text_file(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(UnsupportedFormat, match="is a text file, not an image"):
        open_source(str(tmp_path / "index.json"))


@pytest.mark.parametrize(
    ("reference", "suggestion"),
    [
        ("testrepo:v1", "open testrepo with --image v1"),
        ("./testrepo:v1", "open ./testrepo with --image v1"),
        (f"testrepo@sha256:{'a' * 64}", f"open testrepo with --image sha256:{'a' * 64}"),
        ("app.tar:my-app:v1", "open app.tar with --image my-app:v1"),
    ],
)
def test_a_tag_behind_a_path_points_to_the_image_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, suggestion: str
) -> None:
    monkeypatch.chdir(tmp_path)
    oci_layout(tmp_path / "testrepo", APP)
    docker_archive(tmp_path / "app.tar", APP)
    with pytest.raises(ImageNotFound) as caught:
        open_source(reference)
    assert str(caught.value) == f"no file or folder is named {reference}: {suggestion}"


@pytest.mark.parametrize("inner", [Compression.GZIP, Compression.ZSTD, Compression.BZIP2])
def test_an_archive_that_is_compressed_twice_opens(tmp_path: Path, opened: Opener, inner: Compression) -> None:
    data = compressed(compressed(archive_bytes(docker_files(APP)), inner), Compression.GZIP)
    path = tmp_path / "x.tar.gz.gz"
    path.write_bytes(data)
    assert opened(path).choose().tags == ("my-app:v1",)


def test_an_archive_that_is_compressed_too_often_says_so(tmp_path: Path) -> None:
    data = archive_bytes(docker_files(APP))
    for _ in range(4):
        data = compressed(data, Compression.GZIP)
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UnsupportedFormat, match="x is compressed more than 3 times"):
        open_source(str(tmp_path / "x"))


@pytest.mark.parametrize("entry", [file("../x"), file("a/../b"), file(".wh.x"), file("a/.wh..wh..opq")])
def test_a_tar_whose_members_are_all_left_out_is_still_a_tar(tmp_path: Path, entry: TarEntry) -> None:
    (tmp_path / "x.tar").write_bytes(layer(entry))
    with pytest.raises(UnsupportedFormat, match=r"x\.tar is a tar archive but not an image"):
        open_source(str(tmp_path / "x.tar"))


def test_a_tar_whose_first_member_is_broken_is_called_broken(tmp_path: Path) -> None:
    sparse_map = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "100"}
    path = tmp_path / "x.tar"
    path.write_bytes(layer(file("s", b"9" * 5_000, records=sparse_map), file("a")))
    sentence = r"x\.tar is truncated or broken: the map of a sparse file .*; what could be read of it has no manifest"
    with pytest.raises(UnsupportedFormat, match=sentence):
        open_source(str(path))


def test_a_browser_extension_is_not_a_folder_of_skopeo(tmp_path: Path) -> None:
    files: Members = {"manifest.json": b'{"name": "extension", "version": "1"}', "version": b"1.2"}
    with pytest.raises(UnsupportedFormat, match=r"not a list of images and no index\.json$"):
        open_source(str(write_folder(tmp_path / "extension", files)))
