"""Layers that two images have, read once for both."""

from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.comparison.compare import compare_images
from layerscope.model.content_facts import NO_DIGEST
from layerscope.model.documents import Digest
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Compression, FileSpan, Layer
from layerscope.session.open import open_image
from layerscope.session.reading import layer_reading
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.shared_layers import load_both, read_together
from tests.builders import compressed, file, image, layer, oci_archive, whiteout

BASE = layer(file("etc/hosts", b"localhost"), file("bin/app", b"a" * 900))
TOP = layer(file("elsewhere", b"elsewhere"))
DIGEST = Digest.parse(f"sha256:{'1' * 64}")
OTHER_DIGEST = Digest.parse(f"sha256:{'2' * 64}")


def gzip_layer(path: Path, content: bytes, number: int = 1, digest: Digest = DIGEST) -> Layer:
    """Return a layer in a file of its own that states the digest."""
    blob = compressed(content, Compression.GZIP)
    path.write_bytes(blob)
    return Layer(number, FileSpan(str(path), 0, len(blob), len(blob)), Compression.GZIP, digest)


def test_a_layer_that_both_images_have_is_read_once(tmp_path: Path) -> None:
    old_path = oci_archive(tmp_path / "old.tar", image(BASE, layer(file("old"))))
    new_path = oci_archive(tmp_path / "new.tar", image(BASE, layer(file("new"))))
    with open_image(str(old_path)) as old, open_image(str(new_path)) as new:
        load_both(old, new)
        assert old.load().tree.tables[1] is new.load().tree.tables[1]
        assert old.load().tree.tables[2] is not new.load().tree.tables[2]
        (hosts,) = (
            node for node in range(len(new.load().tree.index)) if new.load().tree.index.path(node) == b"etc/hosts"
        )
        occurrence = new.load().tree.index.firsts[hosts]
        digests = [session.load().contents.digests([occurrence]) for session in (old, new)]
        assert digests[0] == digests[1]


def test_files_of_compressed_layers_are_compared_by_the_bytes_that_passed_while_they_were_listed(
    tmp_path: Path,
) -> None:
    paths = [tmp_path / "old.tar", tmp_path / "new.tar"]
    for path, content in zip(paths, (b"old hosts", b"new hosts"), strict=True):
        oci_archive(path, image(BASE, layer(file("etc/hosts", content))))
    with open_image(str(paths[0])) as old, open_image(str(paths[1])) as new:
        load_both(old, new)
        trees = [session.load().tree for session in (old, new)]
        # nothing can be read any more
        for path in paths:
            path.unlink()
        for session, tree, content in zip((old, new), trees, (b"old hosts", b"new hosts"), strict=True):
            node = tree.index.find(b"etc/hosts")
            assert node is not None
            base, changed = tree.index.occurrences(node)
            digests = session.load().contents.digests([base, changed])
            assert digests == {base: sha256(b"localhost").digest(), changed: sha256(content).digest()}


def entries_of(known: KnownLayers) -> list[LayerEntries | None]:
    """Return what was read of each layer."""
    return [known.entries(each) for each in known.layers]


def together(old: list[Layer], new: list[Layer]) -> tuple[KnownLayers, KnownLayers]:
    """Return the layers of two images, read together."""
    both = KnownLayers(None, old, ""), KnownLayers(None, new, "")
    read_together(*both, lambda _path, _size: 0)
    return both


@pytest.mark.parametrize("processes", [1, 2])
def test_layers_of_the_same_bytes_are_read_once_at_any_number(
    tmp_path: Path, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # these layers are so small that this process reads them, in threads or one after another
    monkeypatch.setattr(layer_reading, "processes_at_once", lambda: processes)
    alone = gzip_layer(tmp_path / "alone", layer(file("alone")), digest=OTHER_DIGEST)
    old, new = gzip_layer(tmp_path / "old", BASE), gzip_layer(tmp_path / "new", BASE, number=2)
    (read,), (other, shared) = map(entries_of, together([old], [alone, new]))
    assert read is not None
    assert read is shared
    assert other is not None
    assert (list(read.paths), list(other.paths)) == ([b"etc/hosts", b"bin/app"], [b"alone"])


def test_a_layer_that_only_claims_to_have_the_digest_is_read_for_itself(tmp_path: Path) -> None:
    old, new = (gzip_layer(tmp_path / name, layer(file(name))) for name in ("old", "new"))
    assert old.blob_size == new.blob_size
    paths = [[each and list(each.paths) for each in entries_of(known)] for known in together([old], [new])]
    assert paths == [[[b"old"]], [[b"new"]]]


def test_plain_layers_are_left_for_later(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(BASE)
    plain = Layer(1, FileSpan(str(tmp_path / "plain"), 0, len(BASE), len(BASE)), Compression.NONE, DIGEST)
    packed = gzip_layer(tmp_path / "packed", BASE)
    (unread,), (read,) = map(entries_of, together([plain], [packed]))
    assert unread is None
    assert read is not None


def test_a_layer_whose_file_is_gone_has_its_error_on_its_own_side(tmp_path: Path) -> None:
    old, new = gzip_layer(tmp_path / "old", BASE), gzip_layer(tmp_path / "new", BASE)
    (tmp_path / "new").unlink()
    (read,), (missing,) = map(entries_of, together([old], [new]))
    assert read is not None
    assert missing is not None
    assert read.error is None
    assert missing.error


def test_a_layer_that_the_manifest_states_to_be_longer_is_not_that_of_the_other_image(tmp_path: Path) -> None:
    endless = BASE.rstrip(b"\0")
    old = gzip_layer(tmp_path / "old", endless + bytes(-len(endless) % 512))
    (whole,), (short,) = map(entries_of, together([old], [replace(old, short=True)]))
    assert whole is not None
    assert short is not None
    assert whole.error is None
    assert short.error


def test_of_a_layer_that_both_have_only_files_of_sizes_that_others_have_are_hashed(tmp_path: Path) -> None:
    olds = [gzip_layer(tmp_path / "base", BASE), gzip_layer(tmp_path / "top", TOP, 2, OTHER_DIGEST)]
    old, new = together(olds, olds[:1])
    base, top = map(old.facts, olds)
    assert base.digests == sha256(b"localhost").digest() + NO_DIGEST
    assert top.digests == sha256(b"elsewhere").digest()
    assert new.facts(olds[0]) is base


def test_files_that_were_not_hashed_are_compared_all_the_same(tmp_path: Path) -> None:
    """The old image has one of two equal files of a shared layer, the new one the other: it has moved."""
    base = layer(file("a", b"equal bytes"), file("b", b"equal bytes"))
    paths = [
        oci_archive(tmp_path / f"{number}.tar", image(base, layer(whiteout(name)))) for number, name in enumerate("ab")
    ]
    with open_image(str(paths[0])) as old, open_image(str(paths[1])) as new:
        load_both(old, new)
        comparison = compare_images(old.load(), new.load())
        moved = [(comparison.diff.change(row).path for row in move) for move in comparison.moves]
        assert list(map(list, moved)) == [[b"b", b"a"]]
