import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.cache.cache import Cache, RecordKind
from layerscope.model.content_facts import ContentFacts
from layerscope.model.entries import LayerEntries
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.session.reading import known_layers, layer_reading
from layerscope.session.reading.background import KnownReader, LayerRead, LayersStacked, read_in_background
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.layer_reading import read_layers
from layerscope.session.reading.reader_process import answer
from layerscope.session.reading.wire import ReadOrder
from tests.builders import (
    blob_name,
    directory,
    docker_archive,
    docker_files,
    file,
    hardlink,
    image,
    layer,
    opaque,
    sha256,
    sparse,
    symlink,
    whiteout,
    write_tar,
)
from tests.listings import listing

BASE = layer(
    directory("etc", mode=0o700),
    file("etc/hosts", b"one"),
    hardlink("etc/link", "etc/hosts"),
    symlink("bin", "usr/bin"),
    file("srv/large", b"x" * 1_000_000, uid=7, records={"SCHILY.xattr.user.a": "b"}),
    sparse("srv/holes", 1_000_000, (5_000, b"data")),
    file("../outside", b""),
)
TOP = layer(whiteout("srv/large"), opaque("etc"), file("etc/hosts", b"two"))
RECIPE = image(BASE, TOP, layer())

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return docker_archive(tmp_path / "image.tar", RECIPE)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def opened(path: Path, cache: Cache | None) -> ImageSession:
    return open_image(str(path), cache=cache)


def kinds(cache: Cache) -> set[str]:
    return {entry.head.key.split(" ")[0] for entry in cache.entries() if entry.head is not None}


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every reading of a layer fail."""
    monkeypatch.setattr(layer_reading, "read_layer", None)


def test_the_figures_of_a_known_image_are_those_that_were_read(
    archive: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(archive, cache) as session:
        read = session.tallies
    assert read.layers[1].warnings
    forbid_reading(monkeypatch)
    with opened(archive, cache) as session:
        assert session.tallies == read


def test_the_tree_of_a_known_image_is_the_one_that_was_read(
    archive: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(archive, cache) as session:
        read = session.load()
    forbid_reading(monkeypatch)
    with opened(archive, cache) as session:
        assert session.load().tree == read.tree
        assert session.load().tallies == read.tallies


def test_known_layers_are_stacked_into_a_tree(archive: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(archive, cache) as session:
        assert session.tallies.layers
    with opened(archive, None) as session:
        expected = session.load().tree
    forbid_reading(monkeypatch)
    with opened(archive, cache) as session:
        assert session.load().tree == expected


def test_a_listing_keeps_nothing_before_the_image_is_closed(archive: Path, cache: Cache) -> None:
    with opened(archive, cache) as session:
        assert session.tallies.layers
        assert cache.entries() == []
    assert kinds(cache) == {RecordKind.ENTRIES, RecordKind.TALLIES}


def test_without_a_cache_nothing_is_kept(archive: Path, own_cache: Path) -> None:
    with opened(archive, None) as session:
        assert session.load().tree.layers
    assert not own_cache.exists()


def test_a_small_image_is_not_worth_a_look_into_the_cache(tmp_path: Path, cache: Cache) -> None:
    with opened(docker_archive(tmp_path / "small.tar", image(TOP)), cache) as session:
        assert session.load().tree.layers
    assert not cache.folder.exists()


def test_a_damaged_layer_is_not_kept_nor_what_rests_on_it(tmp_path: Path, cache: Cache) -> None:
    files = docker_files(image(TOP, BASE, TOP))
    files[blob_name(sha256(TOP))] = TOP[:700]
    broken = write_tar(tmp_path / "broken.tar", files)
    for _ in range(2):
        with opened(broken, cache) as session:
            assert [bool(tally.error) for tally in session.tallies.layers.values()] == [True, False, True]
            assert session.load().tree.layers
    assert kinds(cache) == {RecordKind.ENTRIES}


def test_a_file_that_changes_while_it_is_read_is_not_kept(archive: Path, cache: Cache) -> None:
    with opened(archive, cache) as session:
        assert session.tallies.layers
        os.utime(archive)
    assert cache.entries() == []


def test_an_archive_that_was_written_again_is_read_again(archive: Path, cache: Cache) -> None:
    with opened(archive, cache) as session:
        assert session.load().tree.layers
    docker_archive(archive, image(layer(file("new", b"y" * 2_000_000))))
    with opened(archive, cache) as session:
        assert session.load().tree.index.find(b"new")


def test_a_lying_archive_changes_nothing_about_an_honest_image(archive: Path, tmp_path: Path, cache: Cache) -> None:
    evil = layer(file("evil", b"!" * 1_500_000))
    files = docker_files(RECIPE) | {blob_name(sha256(BASE)): evil}
    liar = write_tar(tmp_path / "liar.tar", files)
    with opened(liar, cache) as session:
        assert session.load().tree.index.find(b"evil")
        claimed = [one.diff_id for one in session.image.layers]
    with opened(archive, cache) as session:
        assert [one.diff_id for one in session.image.layers] == claimed
        assert session.load().tree.index.find(b"evil") is None
        verified = [replace(one, verified=True) for one in session.image.layers]
    known = KnownLayers(cache, verified, "an image in an engine's store")
    assert [known.entries(one) for one in verified] == [None] * 3
    assert known.tree() is None
    with opened(liar, cache) as session:
        assert session.load().tree.index.find(b"evil")


def test_a_verified_layer_is_known_in_every_image_that_has_it(archive: Path, cache: Cache) -> None:
    with opened(archive, None) as session:
        base, *others = (replace(one, verified=True) for one in session.image.layers)
    first = KnownLayers(cache, [base, *others], "first")
    read = dict(read_layers([base, *others], first))
    first.settle()
    again = replace(base, number=2)
    known = KnownLayers(cache, [replace(others[0], number=1), again], "second").entries(again)
    assert known is not None
    assert listing(known) == listing(read[1])


def test_a_writable_layer_is_not_kept(archive: Path, cache: Cache) -> None:
    with opened(archive, None) as session:
        base = replace(session.image.layers[0], verified=True)
    top = replace(base, number=2, blob=None, diff_id=None, verified=False, writable=True)
    known = KnownLayers(cache, [base, top], "container://web")
    known.keep_entries(top, LayerEntries())
    known.settle()
    assert cache.entries() == []


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:200] + b"!" + data[201:]])
def test_a_damaged_cache_is_healed(archive: Path, cache: Cache, damage: Callable[[bytes], bytes]) -> None:
    with opened(archive, cache) as session:
        read = session.load()
    for entry in cache.entries():
        entry.path.write_bytes(damage(entry.path.read_bytes()))
    with opened(archive, cache) as session:
        assert session.load().tree == read.tree
        assert session.tallies == read.tallies
    assert kinds(cache) == {RecordKind.ENTRIES, RecordKind.TREE, RecordKind.TALLIES}


@pytest.mark.parametrize("content", [b"", b"\0\0\0\2{}", b"[]", b"\0\0\0\1{"])
def test_a_whole_record_that_holds_something_else_is_a_miss(archive: Path, cache: Cache, content: bytes) -> None:
    with opened(archive, None) as session:
        layers, read = session.image.layers, session.load()
    known = KnownLayers(cache, layers, "")
    assert known.chain
    for kind in (RecordKind.TREE, RecordKind.TALLIES):
        cache.keep(kind, known.chain, "", lambda file: file.write(content))
    assert known.tree() is None
    assert known.tallies() is None
    with opened(archive, cache) as session:
        assert session.load().tree == read.tree


def test_a_known_image_is_complete_in_the_explorer_without_a_process(archive: Path, cache: Cache) -> None:
    with opened(archive, cache) as session:
        read = session.load()
    with opened(archive, cache) as session:
        reader = read_in_background(session, 2)
        assert isinstance(reader, KnownReader)
        *layers, last = reader.events()
        reader.close()
    assert layers == [LayerRead(1), LayerRead(2), LayerRead(3)]
    assert isinstance(last, LayersStacked)
    assert last.last
    assert last.tree == read.tree
    assert last.tallies == read.tallies


def test_the_reader_process_keeps_what_it_reads(archive: Path, cache: Cache) -> None:
    with opened(archive, None) as session:
        order = ReadOrder(list(session.image.layers), 2, str(cache.folder), "image.tar")
        expected = session.load().tree
    ends = os.pipe()
    with os.fdopen(ends[0], "rb", buffering=0) as orders, os.fdopen(ends[1], "wb"):
        answer(order, orders, io.BytesIO())
    assert kinds(cache) == {RecordKind.ENTRIES, RecordKind.TREE, RecordKind.TALLIES}
    with opened(archive, cache) as session:
        assert session.load().tree == expected


def test_what_is_taken_of_the_content_of_layers_is_limited(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_layers, "_MOST_FIRST_BYTES", 5)
    layers = open_image(str(archive)).image.layers
    known = KnownLayers(None, layers, "")
    for each in layers:
        known.keep_entries(each, LayerEntries(content=ContentFacts(prefixes={0: b"four"})))
    assert [known.facts(each).prefixes for each in layers] == [{0: b"four"}, {}, {}]


def test_nothing_is_taken_of_a_layer_that_could_not_be_read_whole(archive: Path) -> None:
    layers = open_image(str(archive)).image.layers
    known = KnownLayers(None, layers, "")
    known.keep_entries(layers[0], LayerEntries(content=ContentFacts(prefixes={0: b"four"}), error="it is broken"))
    assert not known.facts(layers[0])
