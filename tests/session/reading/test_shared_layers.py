"""Layers that two images have, read once for both."""

from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from layerscope.model.digest import Digest
from layerscope.model.image import Compression, Layer
from layerscope.model.span import FileSpan
from layerscope.session.open import open_image, share_layers
from layerscope.session.reading.shared_layers import shared_layers
from tests.builders import compressed, file, image, layer, oci_archive

BASE = layer(file("etc/hosts", b"localhost"), file("bin/app", b"a" * 900))
DIGEST = Digest.parse(f"sha256:{'1' * 64}")


def gzip_layer(path: Path, content: bytes, number: int = 1) -> Layer:
    """Return a layer in a file of its own that states `DIGEST`."""
    blob = compressed(content, Compression.GZIP)
    path.write_bytes(blob)
    return Layer(number, FileSpan(str(path), 0, len(blob), len(blob)), Compression.GZIP, DIGEST)


def test_a_layer_that_both_images_have_is_read_once(tmp_path: Path) -> None:
    old_path = oci_archive(tmp_path / "old.tar", image(BASE, layer(file("old"))))
    new_path = oci_archive(tmp_path / "new.tar", image(BASE, layer(file("new"))))
    with open_image(str(old_path)) as old, open_image(str(new_path)) as new:
        share_layers(old, new)
        assert old.loaded.tree.tables[1] is new.loaded.tree.tables[1]
        assert old.loaded.tree.tables[2] is not new.loaded.tree.tables[2]
        (hosts,) = (
            node for node in range(len(new.loaded.tree.index)) if new.loaded.tree.index.path(node) == b"etc/hosts"
        )
        occurrence = new.loaded.tree.index.firsts[hosts]
        digests = [session.loaded.contents.digests([occurrence]) for session in (old, new)]
        assert digests[0] == digests[1]


def test_files_of_compressed_layers_are_compared_by_the_bytes_that_passed_while_they_were_listed(
    tmp_path: Path,
) -> None:
    paths = [tmp_path / "old.tar", tmp_path / "new.tar"]
    for path, content in zip(paths, (b"old", b"new"), strict=True):
        oci_archive(path, image(BASE, layer(file("etc/hosts", content))))
    with open_image(str(paths[0])) as old, open_image(str(paths[1])) as new:
        share_layers(old, new)
        trees = [session.loaded.tree for session in (old, new)]
        # nothing can be read any more
        for path in paths:
            path.unlink()
        for session, tree, content in zip((old, new), trees, (b"old", b"new"), strict=True):
            node = tree.index.find(b"etc/hosts")
            assert node is not None
            base, changed = tree.index.occurrences(node)
            digests = session.loaded.contents.digests([base, changed])
            assert digests == {base: sha256(b"localhost").digest(), changed: sha256(content).digest()}


def test_a_layer_that_only_claims_to_have_the_digest_is_not_shared(tmp_path: Path) -> None:
    old, new = (
        gzip_layer(tmp_path / "old", b"same size, old bytes"),
        gzip_layer(tmp_path / "new", b"same size, new bytes"),
    )
    assert old.blob_size == new.blob_size
    assert shared_layers([old], [new]) == ({}, {})


def test_layers_of_the_same_bytes_are_shared_at_any_number_unless_they_are_plain(tmp_path: Path) -> None:
    old, new = gzip_layer(tmp_path / "old", b"bytes"), gzip_layer(tmp_path / "new", b"bytes", number=3)
    in_old, in_new = shared_layers([old], [new])
    assert in_old[1] is in_new[3]
    plain = [replace(each, compression=Compression.NONE) for each in (old, new)]
    assert shared_layers(plain[:1], plain[1:]) == ({}, {})


def test_a_layer_whose_file_is_gone_is_not_shared(tmp_path: Path) -> None:
    old, new = gzip_layer(tmp_path / "old", b"bytes"), gzip_layer(tmp_path / "new", b"bytes")
    (tmp_path / "new").unlink()
    assert shared_layers([old], [new]) == ({}, {})
