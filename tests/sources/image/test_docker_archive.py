"""Archives of ``docker save``, before and since Docker 25, and archives of other tools in the same format."""

import hashlib
from pathlib import Path

import pytest

from layerscope.errors import ImageNotFound, InvalidManifest, MissingBlob, UnsupportedFormat
from layerscope.model.image import Compression, Image
from layerscope.sources.image.documents import read_span
from tests.builders import (
    ImageRecipe,
    Json,
    Link,
    OciStore,
    Opener,
    blob_name,
    compressed,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    legacy_docker_files,
    oci_files,
    sha256,
    to_json,
    write_folder,
    write_tar,
)

BASE = layer(file("base", b"B"))
TOP = layer(file("top", b"T"))
APP = image(BASE, TOP, tags=["my-app:v1"])


def bytes_of(found: Image, number: int) -> bytes:
    span = found.layers[number - 1].blob
    assert span is not None
    return read_span(span, "layer")


@pytest.mark.parametrize("legacy", [True, False])
def test_an_image_is_read(tmp_path: Path, opened: Opener, legacy: bool) -> None:
    found = opened(docker_archive(tmp_path / "x.tar", APP, legacy=legacy)).choose()
    assert (found.source, found.tags, str(found.platform)) == ("docker-archive", ("my-app:v1",), "linux/amd64")
    assert str(found.config_digest) == sha256(APP.config_json)
    assert [step.instruction for step in found.steps] == ["COPY layer-1 /", "COPY layer-2 /"]
    assert [layer.number for layer in found.layers] == [1, 2]
    for entry, tar in zip(found.layers, (BASE, TOP), strict=True):
        assert str(entry.digest) == str(entry.diff_id) == sha256(tar)
        assert bytes_of(found, entry.number) == tar
        assert (entry.compression, entry.problem) == (Compression.NONE, None)
    assert found.warnings == ()


def test_since_docker_25_the_index_gives_the_manifest_digest(tmp_path: Path, opened: Opener) -> None:
    found = opened(docker_archive(tmp_path / "x.tar", APP)).choose()
    assert str(found.digest) == OciStore().image(APP)["digest"]
    assert found.layers[0].media_type == "application/vnd.oci.image.layer.v1.tar"


def test_before_docker_25_the_manifest_digest_is_unknown(tmp_path: Path, opened: Opener) -> None:
    found = opened(docker_archive(tmp_path / "x.tar", APP, legacy=True)).choose()
    assert found.digest is None
    assert found.layers[0].media_type is None


def test_a_layer_that_is_a_symlink_to_another_images_layer(tmp_path: Path, opened: Opener) -> None:
    other = image(BASE, layer(file("other")), tags=["other:v1"])
    files = legacy_docker_files(APP, other)
    assert any(isinstance(content, Link) for content in files.values())
    source = opened(write_tar(tmp_path / "x.tar", files))
    assert bytes_of(source.choose("other:v1"), 1) == BASE


def test_an_unpacked_archive_opens(tmp_path: Path, opened: Opener) -> None:
    found = opened(write_folder(tmp_path / "image", docker_files(APP))).choose()
    assert found.source == "docker-folder"
    assert bytes_of(found, 2) == TOP


def test_two_tags_of_one_image_are_one_candidate(tmp_path: Path, opened: Opener) -> None:
    both = image(BASE, tags=["my-app:v1", "my-app:latest"])
    (only,) = opened(docker_archive(tmp_path / "x.tar", both)).candidates
    assert only.tags == ("my-app:v1", "my-app:latest")


def test_two_entries_of_one_image_are_one_candidate(tmp_path: Path, opened: Opener) -> None:
    first, second = image(BASE, tags=["my-app:v1"]), image(BASE, tags=["my-app:latest"])
    (only,) = opened(docker_archive(tmp_path / "x.tar", first, second)).candidates
    assert only.tags == ("my-app:v1", "my-app:latest")


def test_several_images_are_distinguished_by_tag(tmp_path: Path, opened: Opener) -> None:
    source = opened(docker_archive(tmp_path / "x.tar", APP, image(TOP, tags=["my-app:v2"]), legacy=True))
    assert [each.tags for each in source.choices] == [("my-app:v1",), ("my-app:v2",)]
    assert bytes_of(source.choose("my-app:v2"), 1) == TOP


def test_an_untagged_image_has_no_tag(tmp_path: Path, opened: Opener) -> None:
    assert opened(docker_archive(tmp_path / "x.tar", image(BASE))).choose().tags == ()


def test_a_tag_missing_from_the_list_comes_from_the_index(tmp_path: Path, opened: Opener) -> None:
    files = docker_files(APP)
    files["manifest.json"] = to_json([entry(APP) | {"RepoTags": None}])
    assert opened(write_tar(tmp_path / "x.tar", files)).choose().tags == ("my-app:v1",)


def entry(recipe: ImageRecipe, **facts: object) -> Json:
    names = [blob_name(sha256(tar)) for tar in recipe.layers]
    document = {"Config": blob_name(sha256(recipe.config_json)), "RepoTags": list(recipe.tags), "Layers": names}
    return document | facts


def test_the_containerd_store_keeps_layers_compressed(tmp_path: Path, opened: Opener) -> None:
    files = oci_files(APP, compression=Compression.GZIP)
    names = [blob_name(sha256(compressed(tar, Compression.GZIP))) for tar in APP.layers]
    files["manifest.json"] = to_json([entry(APP, Layers=names)])
    found = opened(write_tar(tmp_path / "x.tar", files)).choose()
    for each, tar in zip(found.layers, APP.layers, strict=True):
        assert each.compression is Compression.GZIP
        assert str(each.digest) == sha256(compressed(tar, Compression.GZIP))
        assert str(each.diff_id) == sha256(tar)
        assert each.media_type == "application/vnd.oci.image.layer.v1.tar+gzip"


def test_file_names_of_crane_and_kaniko_are_understood(tmp_path: Path, opened: Opener) -> None:
    packed = compressed(BASE, Compression.GZIP)
    recipe = image(BASE)
    hexadecimal = hashlib.sha256(packed).hexdigest()
    config = sha256(recipe.config_json)
    files = {
        f"{hexadecimal}.tar.gz": packed,
        config: recipe.config_json,
        "manifest.json": to_json([{"Config": config, "RepoTags": None, "Layers": [f"{hexadecimal}.tar.gz"]}]),
    }
    found = opened(write_tar(tmp_path / "x.tar", dict(files))).choose()
    assert str(found.config_digest) == config
    assert found.layers[0].digest is not None
    assert found.layers[0].digest.encoded == hexadecimal


def test_a_config_by_any_name_has_the_digest_of_its_bytes(tmp_path: Path, opened: Opener) -> None:
    recipe = image(BASE)
    files = {
        "layer.tar": BASE,
        "config.json": recipe.config_json,
        "manifest.json": to_json([{"Config": "config.json", "RepoTags": [], "Layers": ["./layer.tar"]}]),
    }
    found = opened(write_tar(tmp_path / "x.tar", dict(files))).choose()
    assert str(found.config_digest) == sha256(recipe.config_json)
    assert str(found.layers[0].digest) == sha256(BASE)


def test_the_list_wins_over_the_index(tmp_path: Path, opened: Opener) -> None:
    other = image(TOP, tags=["other:v1"])
    files = docker_files(other) | docker_files(APP)
    files["index.json"] = docker_files(other)["index.json"]
    source = opened(write_tar(tmp_path / "x.tar", files))
    assert source.choose().tags == ("my-app:v1",)
    assert [each.tags for each in source.choices] == [("my-app:v1",)]


def test_an_image_only_in_the_index_is_found_by_name(tmp_path: Path, opened: Opener) -> None:
    arm = image(TOP, tags=["my-app:v1"], platform="linux/arm64")
    files = docker_files(APP, arm)
    files["manifest.json"] = to_json([entry(APP)])
    source = opened(write_tar(tmp_path / "x.tar", files))
    assert str(source.choose().platform) == "linux/amd64"
    found = source.choose(platform="linux/arm64")
    assert (str(found.platform), found.source) == ("linux/arm64", "docker-archive")
    with pytest.raises(ImageNotFound):
        source.choose(platform="linux/s390x")


@pytest.mark.parametrize("index", [b"", b"{", b'{"manifests": 5}', b"[]"])
def test_a_broken_index_beside_the_list_is_ignored(tmp_path: Path, opened: Opener, index: bytes) -> None:
    files = docker_files(APP) | {"index.json": index}
    assert opened(write_tar(tmp_path / "x.tar", files)).choose().tags == ("my-app:v1",)


def test_another_document_named_manifest_json_falls_back_to_the_index(tmp_path: Path, opened: Opener) -> None:
    for number, content in enumerate((b"{}", b"[]")):
        files = oci_files(APP) | {"manifest.json": content}
        assert opened(write_tar(tmp_path / f"{number}.tar", files)).choose().source == "oci-archive"


def test_a_missing_layer_does_not_close_the_image(tmp_path: Path, opened: Opener) -> None:
    files = docker_files(APP)
    del files[blob_name(sha256(BASE))]
    found = opened(write_tar(tmp_path / "x.tar", files)).choose()
    assert found.layers[0].blob is None
    assert found.layers[0].problem == f"the blob {sha256(BASE)} is not in {tmp_path}/x.tar"
    assert bytes_of(found, 2) == TOP
    assert found.blob_size is None


def test_a_layer_name_out_of_the_folder_is_refused(tmp_path: Path, opened: Opener) -> None:
    files = docker_files(image(BASE))
    files["manifest.json"] = to_json([entry(image(BASE), Layers=["../../../../../etc/passwd"])])
    found = opened(write_folder(tmp_path / "image", files)).choose()
    assert found.layers[0].blob is None
    assert "is outside" in str(found.layers[0].problem)


def test_an_archive_truncated_inside_a_layer_opens(tmp_path: Path, opened: Opener) -> None:
    big = image(BASE, layer(file("big", b"x" * 100_000)))
    files = docker_files(big)
    last = blob_name(sha256(big.layers[1]))
    path = write_tar(tmp_path / "x.tar", {**{k: v for k, v in files.items() if k != last}, last: files[last]})
    path.write_bytes(path.read_bytes()[:-80_000])
    found = opened(path).choose()
    span = found.layers[1].blob
    assert span is not None
    assert span.truncated
    assert found.layers[1].problem is None
    assert [warning.partition(": ")[0] for warning in found.warnings] == [f"{path} is truncated or broken"]


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (b"[", r"cannot read manifest\.json in .*x\.tar"),
        (b"[5]", r"cannot read manifest\.json in .*x\.tar: Expected `object`, got `int` - at `\$\[0\]`"),
        (b'[{"Layers": []}]', "missing required field `Config`"),
        (b'[{"Config": "c", "Layers": "x"}]', r"at `\$\[0\]\.Layers`"),
        (b'[{"Config": "c", "LayerSources": {"x": {"digest": "sha256:../../etc/passwd"}}}]', "is not a digest - at"),
        pytest.param(b'[{"x": ' + b"[" * 100_000, "nested too deeply", id="deep"),
        (b'[{"Config": "\xff"}]', "cannot read"),
    ],
)
def test_a_broken_list_is_named_with_its_json_path(
    tmp_path: Path, opened: Opener, manifest: bytes, sentence: str
) -> None:
    with pytest.raises(InvalidManifest, match=sentence):
        opened(write_tar(tmp_path / "x.tar", {"manifest.json": manifest}))


def test_a_single_manifest_is_not_dockers_list(tmp_path: Path, opened: Opener) -> None:
    with pytest.raises(UnsupportedFormat, match=r"a manifest\.json that is not a list of images"):
        opened(write_folder(tmp_path / "dir", {"manifest.json": b'{"schemaVersion": 2}'}))


def test_a_missing_config_is_an_error(tmp_path: Path, opened: Opener) -> None:
    source = opened(write_tar(tmp_path / "x.tar", {"manifest.json": to_json([{"Config": "c\x1b.json"}])}))
    assert not source.candidates[0].complete
    with pytest.raises(MissingBlob, match=r"c\\x1b\.json is not in .*x\.tar"):
        source.choose()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (b"", "cannot read"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"rootfs": {"diff_ids": ["sha256:../../etc/passwd"]}}', r"is not a digest - at `\$\.rootfs\.diff_ids\[0\]`"),
        (b'{"config": {"Env": "A=1"}}', r"at `\$\.config\.Env`"),
        (b'{"history": {}}', r"at `\$\.history`"),
    ],
)
def test_a_broken_config_is_named_with_its_json_path(
    tmp_path: Path, opened: Opener, config: bytes, sentence: str
) -> None:
    files = {"config.json": config, "manifest.json": to_json([{"Config": "config.json", "Layers": []}])}
    source = opened(write_tar(tmp_path / "x.tar", dict(files)))
    with pytest.raises(InvalidManifest, match=sentence) as caught:
        source.choose()
    assert "config.json in " in str(caught.value)


def test_a_broken_image_does_not_hide_the_others(tmp_path: Path, opened: Opener) -> None:
    files = docker_files(APP)
    files["manifest.json"] = to_json([{"Config": "absent", "RepoTags": ["broken:1"]}, entry(APP)])
    assert opened(write_tar(tmp_path / "x.tar", files)).choose().tags == ("my-app:v1",)


def test_different_numbers_of_layers_are_a_warning(tmp_path: Path, opened: Opener) -> None:
    three = image(BASE, TOP, layer(file("third")))
    files = docker_files(three)
    files["manifest.json"] = to_json([entry(three, Layers=[blob_name(sha256(tar)) for tar in three.layers[:2]])])
    assert opened(write_tar(tmp_path / "x.tar", files)).choose().warnings == (
        "the history describes 3 layers and the manifest lists 2",
        "the config names 3 diff_ids and the manifest lists 2 layers",
    )


def test_an_empty_list_of_images_is_an_error(tmp_path: Path, opened: Opener) -> None:
    with pytest.raises(UnsupportedFormat, match="its list is empty"):
        opened(write_tar(tmp_path / "x.tar", {"manifest.json": b"[]"})).choose()
