"""The walk over a plain tar in several parts against the walk over the whole of it."""

import tarfile
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.sources.layer.reader import read_layer
from layerscope.sources.tar import parts as parts_module
from layerscope.sources.tar import walk as walk_module
from layerscope.sources.tar.blocks import NEVER, TarPart, open_blocks
from layerscope.sources.tar.parts import JoinedParts, tar_parts
from layerscope.sources.tar.walk import walk
from tests.builders import directory, file, layer, symlink, whiteout
from tests.listings import JUNK, listing
from tests.sources.tar.test_walk import FORMATS, archives, written
from tests.tars import BLOCK, END, entry, pax

MANY = [file(f"srv/data/{number}", b"x" * (700 * number % 3000), uid=number % 3) for number in range(60)]


def span_of(path: Path, tar: bytes) -> FileSpan:
    """Write a tar into the middle of a file, and return its span."""
    path.write_bytes(JUNK + tar + JUNK)
    return FileSpan(str(path), len(JUNK), len(tar), len(tar))


def read(span: FileSpan, part: TarPart | None = None) -> LayerEntries:
    """Return the entries of a part, or of the whole tar."""
    entries = LayerEntries()
    deque(read_layer(Layer(1, span, Compression.NONE), entries, part=part), maxlen=0)
    return entries


def read_in_parts(span: FileSpan, parts: Sequence[TarPart]) -> LayerEntries | None:
    """Return the entries of the parts as one."""
    parts_read = JoinedParts(len(parts))
    for number, part in reversed(list(enumerate(parts))):
        parts_read.add(number, read(span, part))
        parts_read.join()
        parts_read.end(number, is_joined=part.is_joined)
    return parts_read.whole()


def cut_at(*starts: int) -> list[TarPart]:
    """Return the parts that begin at these offsets."""
    return [TarPart(start, stop, len(starts)) for start, stop in pairwise([*starts, NEVER])]


@settings(max_examples=60)
@given(archives, st.sampled_from(FORMATS), st.integers(2, 5))
def test_parts_of_a_tar_have_the_entries_of_the_whole(
    archive: list[tuple[tarfile.TarInfo, bytes]], tar_format: int, count: int
) -> None:
    tar = written(archive * 4, tar_format)
    with TemporaryDirectory() as folder:
        span = span_of(Path(folder, "layer"), tar)
        whole, together = read(span), read_in_parts(span, tar_parts(span, count))
        assert together is None or listing(together) == listing(whole)
        assert together is not None or whole.warnings


@settings(max_examples=60)
@given(archives, st.sampled_from(FORMATS), st.lists(st.integers(1, 60), min_size=1, max_size=3, unique=True))
def test_no_block_that_is_taken_for_a_header_changes_the_entries(
    archive: list[tuple[tarfile.TarInfo, bytes]], tar_format: int, blocks: list[int]
) -> None:
    tar = written(archive * 3, tar_format)
    starts = [BLOCK * block for block in sorted(blocks) if tar[BLOCK * block :].startswith(b"\0") is False]
    with TemporaryDirectory() as folder:
        span = span_of(Path(folder, "layer"), tar)
        together = read_in_parts(span, cut_at(0, *starts))
        assert together is None or listing(together) == listing(read(span))


def test_a_large_tar_is_cut_into_parts_that_join(tmp_path: Path) -> None:
    span = span_of(tmp_path / "layer", layer(directory("srv"), *MANY, symlink("srv/link", "data"), whiteout("etc/old")))
    parts = tar_parts(span, 4)
    together = read_in_parts(span, parts)
    assert [part.is_joined for part in parts] == [True, True, True, False]
    assert together is not None
    assert listing(together) == listing(read(span))


def test_a_tar_in_the_content_of_a_file_is_no_part(tmp_path: Path) -> None:
    span = span_of(tmp_path / "layer", layer(file("a"), file("inner.tar", layer(*MANY)), file("z")))
    parts = tar_parts(span, 3)
    together = read_in_parts(span, parts)
    assert len(parts) == 3
    assert not parts[0].is_joined
    assert together is not None
    assert list(together.paths) == [b"a", b"inner.tar", b"z"]


def test_a_part_that_begins_with_the_content_of_a_file_does_not_count(tmp_path: Path) -> None:
    content = entry(b"inside", b"i" * 900) + entry(b"inside, too")
    tar = entry(b"outer.tar", content) + entry(b"after") + END
    span = span_of(tmp_path / "layer", tar)
    together = read_in_parts(span, cut_at(0, BLOCK))
    assert together is not None
    assert list(together.paths) == [b"outer.tar", b"after"]


def test_a_part_does_not_begin_between_an_extended_header_and_its_entry(tmp_path: Path) -> None:
    statement = pax((b"path", b"stated"))
    span = span_of(tmp_path / "layer", entry(b"a") + statement + entry(b"b") + END)
    parts = cut_at(0, BLOCK + len(statement))
    together = read_in_parts(span, parts)
    assert not parts[0].is_joined
    assert together is not None
    assert list(together.paths) == [b"a", b"stated"]


def test_a_tar_that_ends_before_a_part_has_nothing_of_it(tmp_path: Path) -> None:
    span = span_of(tmp_path / "layer", entry(b"a") + END + entry(b"behind the end") + END)
    together = read_in_parts(span, cut_at(0, 3 * BLOCK))
    assert together is not None
    assert list(together.paths) == [b"a"]


@pytest.mark.parametrize(
    "tar",
    [
        entry(b"../up") + entry(b"b") + END,
        pax(flag=b"g") + entry(b"a") + END,
        entry(b"a") + entry(b"b", b"cut off")[:-700],
    ],
    ids=["a name with ..", "a global header", "an end inside an entry"],
)
def test_a_tar_with_a_warning_or_an_error_has_to_be_read_in_one_piece(tmp_path: Path, tar: bytes) -> None:
    assert read_in_parts(span_of(tmp_path / "layer", tar), cut_at(0, BLOCK)) is None


def test_parts_share_what_the_headers_of_a_tar_may_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerscope.sources.tar.names._RECORDS", 4)
    tar = pax(*[(b"comment", b"c" * 400)] * 3) + entry(b"a") + END
    span = FileSpan(str(tmp_path / "layer"), 0, len(tar), len(tar), packed=FileSpan("packed", 0, 0, 0))
    (tmp_path / "layer").write_bytes(tar)
    assert read(span).error is None
    assert "more records" in (read(span, TarPart(of=2)).error or "")


def test_a_file_that_is_gone_is_one_part(tmp_path: Path) -> None:
    assert len(tar_parts(FileSpan(str(tmp_path / "gone"), 0, 10**9, 10**9), 4)) == 1


def test_a_header_is_searched_behind_the_content_of_large_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "_WINDOW", 2048)
    large = file("large", b"l" * 40_000)
    span = span_of(tmp_path / "layer", layer(file("a", b"a" * 18_000), large, *MANY))
    parts = tar_parts(span, 2)
    assert len(parts) == 2
    assert read_in_parts(span, parts) is not None
    assert parts[0].is_joined


def test_the_entries_so_far_can_be_taken_during_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk_module, "_FETCHES_A_YIELD", 0)
    tar = layer(directory("srv"), *MANY, symlink("srv/link", "data"), whiteout("etc/old"))
    span = span_of(tmp_path / "layer", tar[: tar.index(b"srv/data/50") + 600])
    entries, taken = LayerEntries(), LayerEntries()
    with closing(open_blocks(span, Compression.NONE)) as blocks:
        for _ in walk(blocks, entries):
            taken.extend(entries.take())
    taken.extend(entries)
    assert listing(taken) == listing(read(span))
    assert "it ends inside srv/data/" in (taken.error or "")
