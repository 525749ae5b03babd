import shutil
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from layerscope.cache import cache as cache_module
from layerscope.cache.cache import Cache, RecordKind
from layerscope.model.image import Compression, Image, Layer
from layerscope.session.kept_image import keep_content, keep_image, known_image, with_kept_content
from layerscope.session.open import open_image
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.reading.layer_reading import read_layers, read_whole
from layerscope.sources.layer.content import open_layer_content
from tests.builders import file, image, layer, oci_archive

RECIPE = image(
    layer(file("a", b"one")),
    layer(file("b", b"two")),
    history=[{"created_by": "COPY a /"}, {"created_by": "ENV A=b", "empty_layer": True}, {"created_by": "RUN x"}],
    config={"Env": ["A=b"], "Labels": {"\u00e4": "\u2028"}},
)


@pytest.fixture
def exported(tmp_path: Path) -> Iterator[Image]:
    """An image whose layers have been hashed."""
    with open_image(str(oci_archive(tmp_path / "a.tar", RECIPE, compression=Compression.GZIP))) as session:
        yield verified(session.image)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def verified(image: Image) -> Image:
    return replace(image, layers=tuple(replace(layer, verified=True) for layer in image.layers))


def kept(exported: Image, cache: Cache, platform: str | None = None) -> None:
    """Keep the image and the entries of its layers."""
    known = KnownLayers(cache, exported.layers, "app:v1")
    deque(read_layers(exported.layers, known), maxlen=0)
    known.settle()
    keep_image(cache, "sha256:id", platform, exported)


def test_an_image_is_known_as_its_export_was(exported: Image, cache: Cache) -> None:
    kept(exported, cache)
    known = known_image(cache, None, "sha256:id")
    assert known is not None
    assert [layer.blob for layer in known.layers] == [None, None]
    for field in ("source", "config", "steps", "digest", "config_digest", "annotations", "warnings"):
        assert getattr(known, field) == getattr(exported, field)
    expected = [replace(layer, blob=None, known_size=layer.blob_size) for layer in exported.layers]
    assert list(known.layers) == expected
    assert known.blob_size == exported.blob_size


def test_warnings_about_other_engines_are_not_kept(exported: Image, cache: Cache) -> None:
    kept(replace(exported, warnings=("own", "podman does not answer"), engine_notes=("podman does not answer",)), cache)
    known = known_image(cache, None, "sha256:id")
    assert known is not None
    assert known.warnings == ("own",)


def test_another_id_or_platform_is_unknown(exported: Image, cache: Cache) -> None:
    kept(exported, cache, "linux/arm64")
    assert known_image(cache, "linux/arm64", "sha256:id") is not None
    assert known_image(cache, None, "sha256:id") is None
    assert known_image(cache, "linux/arm64", "sha256:other") is None


def test_an_image_with_a_layer_that_is_unknown_is_unknown(exported: Image, cache: Cache) -> None:
    kept(exported, cache)
    cache.remove(entry for entry in cache.entries() if entry.head and str(exported.layers[1].diff_id) in entry.head.key)
    assert known_image(cache, None, "sha256:id") is None


def test_an_image_whose_layers_were_not_hashed_is_not_kept(exported: Image, cache: Cache) -> None:
    first, second = exported.layers
    keep_image(cache, "sha256:id", None, replace(exported, layers=(first, replace(second, verified=False))))
    assert cache.entries() == []


def test_a_record_that_is_no_image_is_unknown(cache: Cache) -> None:
    cache.keep(RecordKind.IMAGE, "sha256:id ", "", lambda file: file.write(b"[1]"))
    assert known_image(cache, None, "sha256:id") is None


@pytest.fixture
def spooled(exported: Image, tmp_path: Path) -> Image:
    """The image in a temporary file."""
    spool = tmp_path / "spool.tar"
    spans = [layer.blob for layer in exported.layers if layer.blob]
    shutil.copyfile(spans[0].path, spool)
    blobs = [replace(span, path=str(spool), version=None) for span in spans]
    layers = zip(exported.layers, blobs, strict=True)
    return replace(exported, layers=tuple(replace(layer, blob=blob) for layer, blob in layers))


def without_content(image: Image) -> list[Layer]:
    return [replace(layer, blob=None) for layer in image.layers]


def test_the_file_of_an_export_moves_into_the_cache(spooled: Image, cache: Cache) -> None:
    keep_content(cache, "app:v1", spooled.layers)
    assert not any(Path(layer.blob.path).exists() for layer in spooled.layers if layer.blob)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in cache.folder.iterdir())
    for bare, content in zip(without_content(spooled), (b"one", b"two"), strict=True):
        found = with_kept_content(cache, bare)
        assert found.verified
        entries = read_whole(found)
        opened = open_layer_content(found)
        assert b"".join(opened.chunks(entries.table.data_offsets[0], 3)) == content
        opened.close()


def test_content_that_is_kept_already_is_not_moved(spooled: Image, cache: Cache) -> None:
    keep_content(cache, "app:v1", spooled.layers)
    size = cache.size
    keep_content(cache, "app:v1", spooled.layers)
    assert cache.size == size


def test_a_file_of_the_user_stays_where_it_is(exported: Image, cache: Cache) -> None:
    keep_content(cache, "app:v1", exported.layers)
    assert cache.entries() == []
    assert all(Path(layer.blob.path).exists() for layer in exported.layers if layer.blob)


def test_content_that_was_not_hashed_is_not_kept(spooled: Image, cache: Cache) -> None:
    keep_content(cache, "app:v1", [replace(layer, verified=False) for layer in spooled.layers])
    assert cache.entries() == []


@pytest.mark.parametrize("damage", [lambda data: data[:1000], lambda data: data.replace(b"\x1f\x8b", b"\x1f\x8c")])
def test_damaged_content_is_a_miss(spooled: Image, cache: Cache, damage: Callable[[bytes], bytes]) -> None:
    keep_content(cache, "app:v1", spooled.layers)
    (export,) = (path for path in cache.folder.iterdir() if path.name.startswith(RecordKind.EXPORT))
    export.write_bytes(damage(export.read_bytes()))
    bare = without_content(spooled)[1]
    assert with_kept_content(cache, bare) == bare
    export.unlink()
    assert with_kept_content(cache, bare) == bare


def test_an_export_that_is_larger_than_the_cache_is_not_kept(
    spooled: Image, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "LARGEST", 100)
    keep_content(cache, "app:v1", spooled.layers)
    assert cache.entries() == []
