"""Signatures, attestations, SBOMs and other artifacts beside an image: the image opens, and they are named."""

from pathlib import Path

import pytest

from layerscope.errors import UnsupportedFormat
from tests.builders import (
    OCI_CONFIG,
    OCI_MANIFEST,
    ImageRecipe,
    Json,
    Members,
    OciStore,
    Opener,
    docker_files,
    file,
    image,
    layer,
    sha256,
    to_json,
    write_folder,
    write_tar,
)

APP = image(layer(file("etc/hosts", b"127.0.0.1")), tags=["app:v1"])
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"


def cosign(store: OciStore, subject: Json, suffix: str, media_type: str) -> Json:
    """Add what cosign attaches to an image: an image config, and a layer that is a JSON document."""
    payload = to_json({"critical": suffix})
    config = ImageRecipe((payload,), history=[]).config_json
    tag = f"{subject['digest'].replace(':', '-')}{suffix}"
    return store.manifest(
        store.add(config, OCI_CONFIG),
        [store.add(payload, media_type)],
        annotations={"org.opencontainers.image.ref.name": tag},
    )


def oras(store: OciStore, subject: Json) -> Json:
    """Add a referrer as ORAS writes it."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.example.sbom",
        "config": store.add(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [store.add(b"{}", "application/spdx+json")],
        "subject": subject,
    }
    return store.add(to_json(document), OCI_MANIFEST, artifactType="application/vnd.example.sbom")


def empty_referrer(store: OciStore, subject: Json) -> Json:
    """Add a referrer without layers that has the config of an image."""
    document = {"config": store.add(b"{}", OCI_CONFIG), "layers": [], "subject": subject}
    return store.add(to_json(document), OCI_MANIFEST)


def signed() -> tuple[OciStore, list[Json]]:
    store = OciStore()
    subject = store.image(APP, tag="app:v1")
    return store, [
        subject,
        cosign(store, subject, ".sig", SIMPLE_SIGNING),
        cosign(store, subject, ".att", DSSE),
        cosign(store, subject, ".sbom", "text/spdx"),
        oras(store, subject),
        empty_referrer(store, subject),
        {"digest": f"sha256:{'a' * 64}", "mediaType": OCI_MANIFEST, "artifactType": "application/x-absent"},
        store.add(b'{"_type": "statement"}', "application/vnd.in-toto+json"),
    ]


@pytest.mark.parametrize("write", [write_tar, write_folder])
def test_an_image_beside_its_artifacts_opens(tmp_path: Path, opened: Opener, write: type) -> None:
    store, descriptors = signed()
    source = opened(write(tmp_path / "x", store.files(descriptors)))
    assert source.choose().tags == ("app:v1",)
    assert [candidate.tags for candidate in source.choices] == [("app:v1",)]
    assert [candidate.set_aside for candidate in source.candidates if candidate.set_aside] == [
        f"an artifact of type {SIMPLE_SIGNING}",
        f"an artifact of type {DSSE}",
        "an artifact of type text/spdx",
        "an artifact of type application/vnd.example.sbom",
        f"a referrer of {descriptors[0]['digest']}",
        "an artifact of type application/x-absent",
        "an artifact of type application/vnd.in-toto+json",
    ]


def test_signatures_in_a_docker_archive_are_artifacts(tmp_path: Path, opened: Opener) -> None:
    store, descriptors = signed()
    files = docker_files(APP) | store.files(descriptors)
    entries = []
    for recipe, tag in ((APP, "app:v1"), (ImageRecipe((to_json({"critical": ".sig"}),), history=[]), "app:sig")):
        layers = [f"blobs/sha256/{sha256(tar).removeprefix('sha256:')}" for tar in recipe.layers]
        config = f"blobs/sha256/{sha256(recipe.config_json).removeprefix('sha256:')}"
        entries.append({"Config": config, "RepoTags": [tag], "Layers": layers})
    source = opened(write_tar(tmp_path / "x.tar", files | {"manifest.json": to_json(entries)}))
    assert source.choose().tags == ("app:v1",)
    assert [candidate.tags for candidate in source.choices] == [("app:v1",)]


def test_an_artifact_that_is_asked_for_is_named(tmp_path: Path, opened: Opener) -> None:
    store, descriptors = signed()
    source = opened(write_tar(tmp_path / "x.tar", store.files(descriptors)))
    with pytest.raises(UnsupportedFormat, match=f"is not an image but an artifact of type {DSSE.replace('+', '.')}"):
        source.choose(descriptors[2]["digest"])


def test_a_name_that_only_artifacts_have_says_so(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    files: Members = store.files([store.artifact("a/chart", tag="x:1"), store.artifact("b/model", tag="x:1")])
    source = opened(write_tar(tmp_path / "x.tar", files))
    sentence = (
        r"x\.tar holds 2 artifacts x:1 and no such image: an artifact of type a/chart, an artifact of type b/model$"
    )
    with pytest.raises(UnsupportedFormat, match=sentence):
        source.choose("x:1")


def test_the_digest_of_an_index_chooses_among_its_platforms(tmp_path: Path, opened: Opener) -> None:
    store = OciStore()
    recipes = [image(layer(file(name)), platform=name) for name in ("linux/s390x", "linux/arm64")]
    subjects = [store.image(recipe) for recipe in recipes]
    index = store.index([*subjects, store.attestation(subjects[0])], tag="multi:1")
    nested = store.index([index])
    source = opened(write_tar(tmp_path / "x.tar", store.files([nested, store.image(APP, tag="app:v1")])))
    for digest in (index["digest"], nested["digest"], index["digest"][7:19], f"multi@{index['digest']}"):
        assert str(source.choose(digest, "arm64").platform) == "linux/arm64"
        assert str(source.choose(digest, "linux/s390x").platform) == "linux/s390x"


def test_an_image_without_layers_opens(tmp_path: Path, opened: Opener) -> None:
    documents: list[Json] = [{"layers": None}, {}, {"layers": []}]
    for layers in documents:
        store = OciStore()
        recipe = image(history=[{"created_by": 'CMD ["sh"]', "empty_layer": True}])
        document = {"config": store.add(recipe.config_json, OCI_CONFIG), **layers}
        found = opened(
            write_tar(tmp_path / "x.tar", store.files([store.add(to_json(document), OCI_MANIFEST)]))
        ).choose()
        assert found.layers == ()
        assert [step.instruction for step in found.steps] == ['CMD ["sh"]']


def test_a_list_with_lower_case_keys_is_read(tmp_path: Path, opened: Opener) -> None:
    files = docker_files(APP)
    blobs = [name for name in files if name.startswith("blobs/")]
    config = next(name for name in blobs if b"diff_ids" in bytes(files[name]))  # type: ignore[arg-type]  # no links here
    entry = {"config": config, "repoTags": ["jib:1"], "layers": [f"blobs/{sha256(APP.layers[0]).replace(':', '/')}"]}
    del files["index.json"]
    jib = opened(write_tar(tmp_path / "x.tar", files | {"manifest.json": to_json([entry])})).choose()
    assert jib.tags == ("jib:1",)
    assert jib.layers[0].blob is not None
