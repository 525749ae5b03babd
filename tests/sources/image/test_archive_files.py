"""The files of an archive; links are followed inside it only."""

from pathlib import Path

import pytest

from layerscope.errors import InvalidManifest, MissingBlob
from layerscope.sources.image.documents import Documents, Files, holds
from tests.builders import archive_files, directory, fifo, file, hardlink, layer, symlink
from tests.tars import TarEntry


def archive(path: Path, *entries: TarEntry) -> Files:
    path.write_bytes(layer(*entries))
    return archive_files(path)


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    return tmp_path / "x.tar"


def test_a_file_is_found_by_any_spelling_of_its_name(tar: Path) -> None:
    files = archive(tar, file("./dir/a", b"A"), file("plain", b"P"))
    assert [Documents(files).read(name) for name in ("dir/a", "./dir/a", "/dir//a", "dir/../dir/a", "./plain")] == [
        b"A"
    ] * 4 + [b"P"]


def test_the_last_of_two_entries_wins(tar: Path) -> None:
    assert Documents(archive(tar, file("a", b"first"), file("a", b"second"))).read("a") == b"second"


def test_a_missing_name_or_a_directory_has_no_span(tar: Path) -> None:
    files = archive(tar, directory("dir"), fifo("pipe"), symlink("broken", "nowhere"))
    assert [files.span(name) for name in ("absent", "dir", "pipe", "broken", "")] == [None] * 5


def test_a_layer_that_docker_saved_as_a_symlink(tar: Path) -> None:
    files = archive(tar, file("aaa/layer.tar", b"L"), symlink("bbb/layer.tar", "../aaa/layer.tar"))
    assert Documents(files).read("bbb/layer.tar") == b"L"


def test_links_of_all_kinds_are_followed(tar: Path) -> None:
    files = archive(
        tar,
        file("real/a", b"A"),
        symlink("absolute", "/real/a"),
        symlink("folder", "real"),
        symlink("chain", "folder/a"),
        hardlink("hard", "real/a"),
        symlink("deep/er/to-hard", "../../hard"),
    )
    assert [Documents(files).read(name) for name in ("absolute", "folder/a", "chain", "hard", "deep/er/to-hard")] == [
        b"A"
    ] * 5


@pytest.mark.parametrize("target", ["../../etc/passwd", "../x", "a/../../../x"])
def test_a_link_out_of_the_archive_is_refused(tar: Path, target: str) -> None:
    files = archive(tar, file("x", b"X"), symlink("link", target))
    with pytest.raises(MissingBlob, match=r"link is outside x\.tar"):
        files.span("link")
    assert not holds(files, "link")


def test_a_name_out_of_the_archive_is_refused(tar: Path) -> None:
    with pytest.raises(MissingBlob, match=r"\.\./x is outside x\.tar"):
        archive(tar, file("x")).span("../x")


def test_a_loop_of_links_is_refused(tar: Path) -> None:
    files = archive(tar, symlink("a", "b"), symlink("b", "a"), symlink("self", "self"), symlink("grow", "grow/x"))
    for name in ("a", "self", "grow"):
        with pytest.raises(MissingBlob, match="is a loop of links"):
            files.span(name)


def test_a_truncated_member_is_found_and_marked(tar: Path) -> None:
    tar.write_bytes(layer(file("whole", b"W"), file("cut", b"C" * 5000))[: 512 + 512 + 512 + 100])
    files = archive_files(tar)
    span = files.span("cut")
    assert span is not None
    assert (span.size, span.stated_size, span.truncated) == (100, 5000, True)
    assert files.error is not None
    with pytest.raises(InvalidManifest, match=r"cut in x\.tar is incomplete"):
        Documents(files).read("cut")


def test_a_missing_file_is_named_safely(tar: Path) -> None:
    with pytest.raises(MissingBlob) as caught:
        Documents(archive(tar, file("a"))).read("\x1b[2J\u202e" + "x" * 5000)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300
