"""The JSON documents of an image: each is decoded once, and all of them stay within one budget."""

import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from layerscope.errors import InvalidManifest, LayerscopeError
from layerscope.model.documents import ImageConfig
from layerscope.sources.image.documents import DOCUMENT_LIMIT, Documents, FolderFiles
from layerscope.sources.image.manifest_kind import KindFields
from layerscope.sources.open import open_source
from tests.builders import (
    OCI_INDEX,
    OCI_MANIFEST,
    Link,
    Members,
    OciStore,
    Opener,
    archive_files,
    docker_files,
    file,
    image,
    layer,
    oci_files,
    to_json,
    write_folder,
    write_tar,
)

pytestmark = pytest.mark.thorough

APP = image(layer(file("etc/hosts", b"127.0.0.1")), tags=["app:v1"])
MANY = 9_999
A_SECOND_TOO_MANY = 10.0
"""A generous limit: the work is a second on a slow machine, and took minutes before it was bounded."""


def padded(document: object, size: int) -> bytes:
    return to_json(document).ljust(size)


def test_a_document_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as big:
        big.truncate(DOCUMENT_LIMIT + 1)
    with pytest.raises(InvalidManifest, match=r"big in .* is too large for a document \(34 MB\)"):
        Documents(FolderFiles(tmp_path)).read("big")


def test_a_document_is_decoded_once_however_many_names_it_has(tmp_path: Path) -> None:
    files: Members = {"a": b"{}", "b": Link("a"), "c": Link("a", hard=True)}
    documents = Documents(archive_files(write_tar(tmp_path / "x.tar", files)))
    configs = [documents.document(name, ImageConfig) for name in ("a", "./a", "b", "c")]
    assert all(config is configs[0] for config in configs)


def test_the_bytes_of_a_document_are_not_kept(tmp_path: Path) -> None:
    data = padded({"config": {"ExposedPorts": {"80/tcp": {}}}, "layers": [], "manifests": []}, 5_000_000)
    documents = Documents(archive_files(write_tar(tmp_path / "x.tar", {"a": data})))
    tracemalloc.start()
    try:
        kept = [documents.document("a", kind) for kind in (ImageConfig, KindFields)]
        memory, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(kept)
    assert memory < 100_000


def test_a_broken_document_is_decoded_once(tmp_path: Path) -> None:
    documents = Documents(archive_files(write_tar(tmp_path / "x.tar", {"a": b"[", "b": Link("a")})))
    errors = []
    for name in ("a", "b"):
        with pytest.raises(InvalidManifest) as caught:
            documents.document(name, ImageConfig)
        errors.append(caught.value)
    assert errors[0] is errors[1]


def test_all_documents_share_one_budget(tmp_path: Path) -> None:
    files: Members = {f"{n}.json": padded({}, DOCUMENT_LIMIT // 4) for n in range(9)}
    documents = Documents(archive_files(write_tar(tmp_path / "x.tar", files)))
    for n in range(8):
        documents.document(f"{n}.json", ImageConfig)
    with pytest.raises(InvalidManifest, match=r"the JSON documents in x\.tar exceed 67 MB"):
        documents.document("8.json", ImageConfig)
    assert documents.document("0.json", ImageConfig) == ImageConfig()


def test_a_document_of_too_many_values_is_refused(tmp_path: Path) -> None:
    document = b'{"history": [' + b"{}," * 1_000_001 + b"{}]}"
    documents = Documents(archive_files(write_tar(tmp_path / "x.tar", {"a": document})))
    with pytest.raises(InvalidManifest, match="hold over 1,000,000 values"):
        documents.document("a", ImageConfig)


def one_blob_by_many_descriptors() -> Members:
    """Return a layout in which each descriptor refers to the same manifest of 31 MB."""
    store = OciStore()
    descriptor = store.add(padded({"config": {"digest": f"sha256:{'0' * 64}"}, "layers": []}, 31_000_000), OCI_MANIFEST)
    return store.files([descriptor | {"annotations": {"n": str(n)}} for n in range(MANY)])


def one_blob_by_many_digests() -> Members:
    """Return a layout in which each digest is a symlink to the same manifest of 31 MB."""
    store = OciStore()
    blob = padded({"config": {"digest": f"sha256:{'0' * 64}"}, "layers": []}, 31_000_000)
    names = [f"{n:064x}" for n in range(MANY)]
    files = store.files([{"digest": f"sha256:{name}", "mediaType": OCI_MANIFEST} for name in names])
    return files | {"blobs/sha256/target": blob} | {f"blobs/sha256/{name}": Link("target") for name in names}


def one_index_by_many_tags() -> Members:
    store = OciStore()
    index = store.add(padded({"manifests": [{"digest": f"sha256:{'0' * 64}"}]}, 31_000_000), OCI_INDEX)
    tags = [{"annotations": {"org.opencontainers.image.ref.name": str(n)}} for n in range(MANY // 2)]
    return store.files([index | tag for tag in tags])


def many_configs() -> Members:
    """Return a list of 20,000 images, each with a config of its own name and the same layers."""
    config = padded(APP.config_json.decode(), 4_000)
    names = [f"{n}.json" for n in range(20_000)]
    entries = [{"Config": name, "RepoTags": None, "Layers": ["l"]} for name in names]
    return {"manifest.json": to_json(entries), "l": APP.layers[0], "c": config} | {name: Link("c") for name in names}


def one_config_by_many_entries() -> Members:
    entries = [{"Config": "c", "RepoTags": [f"a:{n}"], "Layers": ["./" * n + "l"]} for n in range(2_000)]
    return {"manifest.json": to_json(entries), "l": APP.layers[0], "c": APP.config_json.ljust(31_000_000)}


@pytest.mark.parametrize(
    "members",
    [
        one_blob_by_many_descriptors,
        one_blob_by_many_digests,
        one_index_by_many_tags,
        many_configs,
        one_config_by_many_entries,
    ],
)
def test_many_references_to_documents_end_soon(tmp_path: Path, members: Callable[[], Members]) -> None:
    path = write_tar(tmp_path / "x.tar", members())
    start = time.process_time()
    with suppress(LayerscopeError), open_source(str(path)) as source:
        source.choose()
    assert time.process_time() - start < A_SECOND_TOO_MANY


@pytest.mark.parametrize(
    "value",
    [b"NaN", b"Infinity", b"1e999", b"9" * 5_000, b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'"\\ud800"'],
)
@pytest.mark.parametrize("key", [b"created", b"unknown", b"history", b"config", b"rootfs"])
@pytest.mark.parametrize("in_docker_archive", [True, False])
def test_odd_json_values_are_one_sentence(
    tmp_path: Path, opened: Opener, key: bytes, value: bytes, in_docker_archive: bool
) -> None:
    files = docker_files(APP) if in_docker_archive else oci_files(APP)
    (config,) = [name for name, content in files.items() if isinstance(content, bytes) and b"diff_ids" in content]
    files[config] = b'{"' + key + b'": ' + value + b"}"
    if value in {b"9" * 5_000, b"1e999"} and key == b"unknown":
        assert not opened(write_tar(tmp_path / "x.tar", files)).choose().layers[0].diff_id
        return
    with pytest.raises(InvalidManifest, match=r"^(cannot read )?blobs/sha256/[^\n]{1,400}$"):
        opened(write_tar(tmp_path / "x.tar", files)).choose()


@pytest.mark.parametrize(
    "config",
    [
        {"created": 5},
        {"created": ["x"]},
        {"config": []},
        {"config": {"Env": "A=b"}},
        {"config": {"ExposedPorts": ["80"]}},
        {"config": {"Healthcheck": {"Interval": 10**400}}},
        {"config": {"StopTimeout": 10**400}},
        {"history": {"a": 1}},
        {"history": [5]},
        {"os": None},
        {"rootfs": {"diff_ids": {}}},
    ],
)
def test_a_config_with_fields_of_odd_types_is_one_sentence(tmp_path: Path, opened: Opener, config: object) -> None:
    files = oci_files(APP)
    (name,) = [name for name, content in files.items() if isinstance(content, bytes) and b"diff_ids" in content]
    with pytest.raises(InvalidManifest, match=r"^cannot read blobs/sha256/.* in .*x\.tar: .* - at `\$"):
        opened(write_tar(tmp_path / "x.tar", files | {name: to_json(config)})).choose()


def test_a_manifest_with_sizes_of_odd_types_is_one_sentence(tmp_path: Path, opened: Opener) -> None:
    for size in (-1, 1.5, "1", True):
        store = OciStore()
        config = store.add(APP.config_json, "") | {"size": size}
        descriptor = store.manifest(config, [])
        with pytest.raises(InvalidManifest, match=r"cannot read blobs/sha256/.* - at `\$\.config\.size`"):
            opened(write_tar(tmp_path / "x.tar", store.files([descriptor]))).choose()


def test_more_layers_than_65535_are_one_sentence(tmp_path: Path, opened: Opener) -> None:
    entry = {"Config": "c", "RepoTags": ["a:1"], "Layers": ["l"] * 65_536}
    files: Members = {"manifest.json": to_json([entry]), "l": APP.layers[0], "c": APP.config_json}
    with pytest.raises(InvalidManifest, match=r"an image in .*x\.tar has 65,536 layers, more than 65,535"):
        opened(write_tar(tmp_path / "x.tar", files)).choose()
    store = OciStore()
    config, blob = store.add(APP.config_json, ""), store.add(APP.layers[0], "")
    files = store.files([store.manifest(config, [blob] * 65_536)])
    with pytest.raises(InvalidManifest, match="has 65,536 layers"):
        opened(write_folder(tmp_path / "x", files)).choose()


def test_more_history_lines_than_200000_are_one_sentence(tmp_path: Path, opened: Opener) -> None:
    config = b'{"history": [' + b"{}," * 200_000 + b"{}]}"
    entry = {"Config": "c", "RepoTags": ["a:1"], "Layers": ["l"]}
    files: Members = {"manifest.json": to_json([entry]), "l": APP.layers[0], "c": config}
    with pytest.raises(InvalidManifest, match=r"an image in .*x\.tar has 200,001 history lines, more than 200,000"):
        opened(write_tar(tmp_path / "x.tar", files)).choose()


def test_more_images_than_50000_are_one_sentence(tmp_path: Path) -> None:
    files: Members = {"manifest.json": to_json([{"Config": str(n)} for n in range(50_001)])}
    with pytest.raises(InvalidManifest, match=r"manifest\.json in .*x\.tar lists more than 50,000 images"):
        open_source(str(write_tar(tmp_path / "x.tar", files)))


def test_a_chain_of_long_links_is_not_followed_for_each_of_many_names(tmp_path: Path) -> None:
    files: Members = {f"a{n}": Link("x/../" * 800 + f"a{n + 1}") for n in range(30)} | {"a30": b"L"}
    names = [f"y{n}/../a0" for n in range(5_000)]
    files |= {"manifest.json": to_json([{"Config": "c", "Layers": names}]), "c": APP.config_json}
    path = write_tar(tmp_path / "x.tar", files)
    start = time.process_time()
    with open_source(str(path)) as source:
        found = source.choose()
    assert len(found.layers) == 5_000
    assert time.process_time() - start < A_SECOND_TOO_MANY
