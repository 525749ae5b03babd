"""OCI image layouts, as folders and archives: indexes, platforms and artifacts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.errors import InvalidManifest, LayerscopeError, MissingBlob, UnsupportedFormat
from layerscope.model.image import Compression, Image
from layerscope.session.reading.layer_reading import read_whole
from layerscope.sources.image.documents import Documents
from layerscope.sources.image.oci_layout import manifest_files
from tests.builders import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    ImageRecipe,
    Json,
    Members,
    OciStore,
    Opener,
    archive_files,
    blob_name,
    compressed,
    file,
    image,
    layer,
    oci_archive,
    oci_files,
    oci_layout,
    sha256,
    to_json,
    write_folder,
    write_tar,
)

BASE = layer(file("base", b"B"))
TOP = layer(file("top", b"T"))
APP = image(BASE, TOP, tags=["my-app:v1"])
ARM = image(TOP, tags=["my-app:v1"], platform="linux/arm64/v8")

COMPRESSIONS = list(Compression)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize(("write", "source"), [(oci_archive, "oci-archive"), (oci_layout, "oci-layout")])
def test_an_image_is_read(
    tmp_path: Path, opened: Opener, write: Callable[..., Path], source: str, compression: Compression
) -> None:
    found = opened(write(tmp_path / "image", APP, compression=compression)).choose()
    assert (found.source, found.tags, str(found.platform)) == (source, ("my-app:v1",), "linux/amd64")
    assert str(found.digest) == OciStore().image(APP, compression=compression)["digest"]
    assert str(found.config_digest) == sha256(APP.config_json)
    for each, tar in zip(found.layers, APP.layers, strict=True):
        stored = compressed(tar, compression)
        assert (each.compression, each.blob_size, each.problem) == (compression, len(stored), None)
        assert (str(each.digest), str(each.diff_id)) == (sha256(stored), sha256(tar))
    assert found.warnings == ()


def only(opened: Opener, path: Path, files: Members) -> Image:
    return opened(write_tar(path / "x.tar", files)).choose()


def test_compression_is_detected_from_the_bytes(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    layers = [store.add(compressed(BASE, Compression.ZSTD), OCI_LAYER + "+gzip")]
    found = only(
        opened, tmp_path, store.files([store.manifest(store.add(image(BASE).config_json, OCI_CONFIG), layers)])
    )
    assert found.layers[0].compression is Compression.ZSTD


def test_a_nested_index_with_platforms_and_attestations(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    amd, arm = store.image(APP), store.image(ARM)
    files = store.files([store.index([amd, arm, store.attestation(amd), store.attestation(arm)], tag="my-app:v1")])
    source = opened(write_tar(tmp_path / "x.tar", files))
    assert [str(each.platform) for each in source.choices] == ["linux/amd64", "linux/arm64/v8"]
    assert [each.set_aside for each in source.candidates if each.set_aside] == [
        "an attestation (attestation-manifest)"
    ] * 2
    assert {each.tags for each in source.candidates} == {("my-app:v1",)}
    assert str(source.choose(platform="linux/arm64").platform) == "linux/arm64/v8"
    assert [str(each.digest) for each in source.choose("my-app:v1", "linux/arm64").layers] == [sha256(TOP)]
    with pytest.raises(UnsupportedFormat, match="is not an image but an attestation"):
        source.choose(str(source.candidates[2].digest))


def test_the_only_complete_platform_is_opened(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    amd, arm = store.image(APP), store.image(ARM)
    files = store.files([store.index([amd, arm], tag="my-app:v1")])
    del files[blob_name(amd["digest"])]
    source = opened(write_tar(tmp_path / "x.tar", files))
    assert source.choose().layers[0].problem is None
    unheld = r"x\.tar lists an image for linux/amd64, but does not hold it: blobs/.* is not in .*x\.tar$"
    with pytest.raises(MissingBlob, match=unheld):
        source.choose(platform="linux/amd64")


def test_one_manifest_by_two_tags_is_one_candidate(tmp_path: Path, opened: Opener) -> None:
    files = oci_files(image(BASE, tags=["my-app:v1", "my-app:latest"]))
    assert only(opened, tmp_path, files).tags == ("my-app:v1", "my-app:latest")


def test_a_nested_index_by_two_tags(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    inner = store.index([store.image(APP)])
    outer = [inner | {"annotations": {"org.opencontainers.image.ref.name": tag}} for tag in ("v1", "latest")]
    assert only(opened, tmp_path, store.files(outer)).tags == ("v1", "latest")


def test_the_full_name_of_containerd_is_the_tag(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    names = {"io.containerd.image.name": "docker.io/library/my-app:v1", "org.opencontainers.image.ref.name": "v1"}
    source = opened(write_tar(tmp_path / "x.tar", store.files([store.image(APP) | {"annotations": names}])))
    for wanted in ("docker.io/library/my-app:v1", "my-app:v1", "v1"):
        assert source.choose(wanted).tags == ("docker.io/library/my-app:v1",)


def test_an_index_is_detected_from_its_fields(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    index = store.index([store.image(APP)], tag="my-app:v1") | {"mediaType": OCI_MANIFEST}
    assert only(opened, tmp_path, store.files([index])).tags == ("my-app:v1",)


def test_a_manifest_is_detected_from_its_fields(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    manifest = store.image(APP) | {"mediaType": OCI_INDEX}
    assert len(only(opened, tmp_path, store.files([manifest])).layers) == 2


def test_an_index_json_that_is_a_manifest_itself(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    manifest = store.blobs[blob_name(store.image(APP)["digest"])]
    assert isinstance(manifest, bytes)
    found = only(opened, tmp_path, {**store.blobs, "index.json": manifest})
    assert str(found.digest) == sha256(manifest)


def test_docker_media_types_are_accepted(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    config = store.add(APP.config_json, "application/vnd.docker.container.image.v1+json")
    layers = [store.add(tar, "application/vnd.docker.image.rootfs.diff.tar.gzip") for tar in APP.layers]
    manifest = store.manifest(config, layers) | {"mediaType": "application/vnd.docker.distribution.manifest.v2+json"}
    assert [each.compression for each in only(opened, tmp_path, store.files([manifest])).layers] == [
        Compression.NONE
    ] * 2


def test_a_config_with_an_unknown_media_type_is_detected_from_its_fields(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    config = store.add(APP.config_json, "application/json")
    manifest = store.manifest(config, [store.add(tar, OCI_LAYER) for tar in APP.layers])
    assert len(only(opened, tmp_path, store.files([manifest])).layers) == 2


def test_an_artifact_is_named_with_its_type(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    source = opened(
        write_tar(tmp_path / "x.tar", store.files([store.artifact("application/vnd.cncf.helm.config.v1+json")]))
    )
    sentence = r"x\.tar holds no image, only an artifact of type application/vnd\.cncf\.helm\.config\.v1\+json"
    with pytest.raises(UnsupportedFormat, match=sentence):
        source.choose()


def test_an_artifact_beside_an_image_is_set_aside(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    files = store.files([store.artifact("application/x-signature", tag="sig"), store.image(APP, tag="my-app:v1")])
    source = opened(write_tar(tmp_path / "x.tar", files))
    assert source.choose().tags == ("my-app:v1",)
    with pytest.raises(UnsupportedFormat, match="is not an image but an artifact of type application/x-signature"):
        source.choose("sig")


def test_a_manifest_with_an_artifact_type_is_an_artifact(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    document = {"schemaVersion": 2, "artifactType": "a/b\x1b", "config": store.add(b"{}", OCI_CONFIG), "layers": []}
    source = opened(write_tar(tmp_path / "x.tar", store.files([store.add(to_json(document), OCI_MANIFEST)])))
    with pytest.raises(UnsupportedFormat, match=r"an artifact of type a/b\\x1b"):
        source.choose()


def test_schema_1_is_refused_with_a_sentence(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    document = {"schemaVersion": 1, "name": "my-app", "tag": "v1", "fsLayers": [], "history": []}
    source = opened(write_tar(tmp_path / "x.tar", store.files([store.add(to_json(document), OCI_MANIFEST)])))
    with pytest.raises(UnsupportedFormat, match="a Docker schema 1 manifest"):
        source.choose()


def test_a_document_of_two_kinds_is_refused(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    both = {"manifests": [], "config": store.add(b"{}", OCI_CONFIG), "layers": []}
    with pytest.raises(InvalidManifest, match="is both an index and a manifest"):
        only(opened, tmp_path, store.files([store.add(to_json(both), OCI_MANIFEST)]))


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (b"{}", "is not a manifest"),
        (b"not json", "cannot read"),
        (b"[]", "Expected `object`"),
        (
            b'{"config": {"digest": "sha256:../../etc/passwd"}, "layers": []}',
            r"is not a digest - at `\$\.config\.digest`",
        ),
        (b'{"config": 5, "layers": []}', r"at `\$\.config`"),
        (b'{"layers": []}', "missing required field `config`"),
    ],
)
def test_a_broken_manifest_is_named_with_its_json_path(
    tmp_path: Path, opened: Opener, manifest: bytes, sentence: str
) -> None:
    store = OciStore()
    descriptor = store.add(manifest, OCI_MANIFEST)
    with pytest.raises(InvalidManifest, match=sentence) as caught:
        only(opened, tmp_path, store.files([descriptor]))
    assert f"{blob_name(descriptor['digest'])} in {tmp_path}/x.tar" in str(caught.value)


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        pytest.param(b'{"x": ' + b"[" * 100_000, id="deep"),
        b'{"manifests": {}}',
        b'{"manifests": [null]}',
        b'{"manifests": [{"digest": "sha256:../../../etc/passwd"}]}',
        b'{"manifests": [{"digest": "../x:../../y"}]}',
        b'{"manifests": [{"digest": "sha256:\\u001b[2J"}]}',
        b'{"manifests": null}',
        b'{"manifests": []}',
    ],
)
@pytest.mark.parametrize("write", [write_tar, write_folder])
def test_a_broken_index_is_one_sentence(
    tmp_path: Path, opened: Opener, index: bytes, write: Callable[[Path, Members], Path]
) -> None:
    with pytest.raises(LayerscopeError) as caught:
        opened(write(tmp_path / "x", {"index.json": index})).choose()
    assert "/x" in str(caught.value)
    assert str(caught.value).isprintable()


def looped(tags: bool) -> Members:
    """Return a layout whose indexes lead to each other, as no honest digest can."""
    first, second = "sha256:" + "1" * 64, "sha256:" + "2" * 64

    def descriptor(digest: str, tag: str) -> Json:
        return {"digest": digest} | ({"annotations": {"org.opencontainers.image.ref.name": tag}} if tags else {})

    return {
        "index.json": to_json({"manifests": [descriptor(first, "a")]}),
        blob_name(first): to_json({"manifests": [descriptor(second, "b")]}),
        blob_name(second): to_json({"manifests": [descriptor(first, "c")]}),
    }


@pytest.mark.parametrize("tags", [True, False])
def test_a_loop_of_indexes_holds_no_image(tmp_path: Path, opened: Opener, tags: bool) -> None:
    with pytest.raises(UnsupportedFormat, match="holds no image"):
        only(opened, tmp_path, looped(tags))


def test_deeply_nested_indexes_are_refused(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    descriptor = store.image(APP)
    for _ in range(40):
        descriptor = store.index([descriptor])
    with pytest.raises(InvalidManifest, match="nested too deeply"):
        only(opened, tmp_path, store.files([descriptor]))


def test_indexes_that_multiply_with_each_level_are_bounded(tmp_path: Path) -> None:
    store = OciStore()
    descriptor = store.image(APP)
    for level in range(10):
        tags = [f"{level}-{n}" for n in range(10)]
        descriptor = store.index(
            [descriptor | {"annotations": {"org.opencontainers.image.ref.name": tag}} for tag in tags]
        )
    archive = write_tar(tmp_path / "x.tar", store.files([descriptor]))
    assert len(archive.read_bytes()) < 200_000
    assert len(manifest_files(Documents(archive_files(archive)))) == 1


def one_layer(store: OciStore, descriptor: Json, recipe: ImageRecipe | None = None) -> Members:
    config = store.add((recipe or image(BASE)).config_json, OCI_CONFIG)
    return store.files([store.manifest(config, [descriptor])])


def test_a_missing_foreign_layer_names_its_hosts(tmp_path: Path, opened: Opener) -> None:
    descriptor = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": "sha256:" + "a" * 64,
        "size": 5,
        "urls": ["https://mcr.example.com/\x1b[2J", "http://[bad", "https://mcr.example.com/x"],
    }
    source = opened(write_tar(tmp_path / "x.tar", one_layer(OciStore(), descriptor)))
    assert source.candidates[0].complete
    problem = source.choose().layers[0].problem
    assert problem == (
        f"the blob sha256:{'a' * 64} is a foreign layer, stored at mcr.example.com or http://[bad, "
        f"and is not in {tmp_path}/x.tar"
    )


def test_a_foreign_layer_in_the_archive_is_read(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    descriptor = store.add(BASE, "application/vnd.oci.image.layer.nondistributable.v1.tar", urls=["https://x"])
    assert only(opened, tmp_path, one_layer(store, descriptor)).layers[0].problem is None


def test_an_encrypted_layer_says_so(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    descriptor = store.add(b"\x93" * 600, OCI_LAYER + "+gzip+encrypted")
    (found,) = only(opened, tmp_path, one_layer(store, descriptor)).layers
    assert found.problem == f"the blob {descriptor['digest']} is encrypted ({OCI_LAYER}+gzip+encrypted)"
    assert (found.blob_size, found.compression) == (600, None)


def test_a_wrong_size_is_a_warning(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    descriptor = store.add(BASE, OCI_LAYER) | {"size": 10**30}
    found = only(opened, tmp_path, one_layer(store, descriptor))
    assert found.blob_size == len(BASE)
    assert found.warnings == (f"the blob of layer 1 has {len(BASE):,} bytes, and the manifest says {10**30:,}",)


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP])
def test_a_layer_that_is_cut_between_two_entries_is_incomplete(
    tmp_path: Path, opened: Opener, compression: Compression
) -> None:
    tar = layer(file("a", b"x"), file("b", b"y"))
    errors = []
    for number, data in enumerate((tar[:1024], tar)):
        store = OciStore()
        descriptor = store.add(compressed(data, compression), OCI_LAYER) | {"size": 100_000}
        (tmp_path / str(number)).mkdir()
        entries = read_whole(only(opened, tmp_path / str(number), one_layer(store, descriptor)).layers[0])
        errors.append((list(entries.paths), entries.error))
    shorter = "its blob is shorter than the manifest says, and its tar has no end"
    assert errors == [([b"a"], shorter), ([b"a", b"b"], None)]


def test_a_platform_that_differs_from_the_config_is_a_warning(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    descriptor = store.image(APP) | {"platform": {"os": "linux", "architecture": "arm64"}}
    source = opened(write_tar(tmp_path / "x.tar", store.files([descriptor])))
    assert source.choose(platform="linux/arm64").warnings == ("the index says linux/arm64, and the config linux/amd64",)


def test_an_image_without_history_and_diff_ids_opens(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    files = store.files([store.manifest(store.add(b"{}", OCI_CONFIG), [store.add(BASE, OCI_LAYER)])])
    found = only(opened, tmp_path, files)
    assert [(step.instruction, step.layer) for step in found.steps] == [(None, 1)]
    assert found.warnings == ("the config names 0 diff_ids and the manifest lists 1 layer",)
    assert found.layers[0].diff_id is None
    assert str(found.layers[0].digest) == sha256(BASE)


def test_a_missing_config_names_the_blob(tmp_path: Path, opened: Opener) -> None:
    files = oci_files(APP)
    name = blob_name(sha256(APP.config_json))
    del files[name]
    with pytest.raises(MissingBlob, match=f"{name} is not in {tmp_path}/x.tar"):
        only(opened, tmp_path, files)


def test_a_symlink_out_of_the_layout_is_refused(tmp_path: Path, opened: Opener) -> None:
    folder = oci_layout(tmp_path / "image", APP, compression=Compression.NONE)
    blob = folder / blob_name(sha256(BASE))
    blob.rename(tmp_path / "outside")
    blob.symlink_to(tmp_path / "outside")
    found = opened(folder).choose()
    assert found.layers[0].blob is None
    assert "is outside" in str(found.layers[0].problem)


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.GZIP, Compression.ZSTD])
@pytest.mark.parametrize("media_type", ["application/vnd.oci.image.layer.v1.squashfs", "application/vnd.wasm.layer"])
def test_a_layer_that_is_not_a_tar_is_named_by_its_media_type(
    tmp_path: Path, opened: Opener, compression: Compression, media_type: str
) -> None:
    store = OciStore()
    descriptor = store.add(compressed(b"hsqs" + b"\7" * 4096, compression), media_type)
    found = only(opened, tmp_path, one_layer(store, descriptor))
    assert found.layers[0].problem == f"the blob {descriptor['digest']} is not a tar archive but {media_type}"
    assert found.layers[0].blob_size == descriptor["size"]


def test_a_tar_layer_opens_whatever_its_media_type(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    for data in (BASE, compressed(BASE, Compression.ZSTD), b"\0" * 1024):
        found = only(opened, tmp_path, one_layer(store, store.add(data, "application/octet-stream")))
        assert found.layers[0].problem is None
