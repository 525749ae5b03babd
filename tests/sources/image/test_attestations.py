"""Attestations: believed if they are about this manifest, and otherwise one sentence."""

import base64
from pathlib import Path
from typing import Any

import pytest

from layerscope.model.documents import Digest
from layerscope.model.provenance import Attestations, Material
from tests.builders import Json, OciStore, Opener, docker_files, file, image, layer, to_json, write_tar
from tests.samples import SAMPLES

APP = image(layer(file("a", b"A")), layer(file("b", b"B")), tags=["app:1"])
TEXT = "FROM scratch\nCOPY a /\nCOPY b /\n"
LAYERS = [str(descriptor) for descriptor in ("sha256:" + "a" * 64, "sha256:" + "b" * 64)]

BUILDKIT: Json = {
    "source": {
        "infos": [{"filename": "Dockerfile", "data": base64.b64encode(TEXT.encode()).decode()}],
        "locations": {
            "step0": {},
            "step1": {"locations": [{"ranges": [{"start": {"line": 2}, "end": {"line": 2}}]}]},
            "step2": {
                "locations": [
                    {"ranges": [{"start": {"line": 9}}], "sourceIndex": 1},
                    {"ranges": [{"start": {"line": 3}}]},
                ]
            },
        },
    },
    "layers": {
        "step1:0": [[{"digest": LAYERS[0], "mediaType": "x", "size": 1}]],
        "step2:0": [[{"digest": digest, "mediaType": "x", "size": 1} for digest in LAYERS]],
    },
    "vcs": {"source": "https://example.com/app.git", "revision": "abc"},
}
ARGS = {"build-arg:VERSION": "2", "target": "release", "label:x": "y"}
MATERIALS = [{"uri": "pkg:docker/debian@12", "digest": {"sha256": "d" * 64}}]
V02: Json = {
    "builder": {"id": "builder"},
    "invocation": {"configSource": {"entryPoint": "Dockerfile"}, "parameters": {"args": ARGS}},
    "materials": MATERIALS,
    "metadata": {"buildStartedOn": "2026-01-01T00:00:00Z", "https://mobyproject.org/buildkit@v1#metadata": BUILDKIT},
}
V1: Json = {
    "buildDefinition": {
        "externalParameters": {"configSource": {"path": "Dockerfile"}, "request": {"args": ARGS}},
        "resolvedDependencies": MATERIALS,
    },
    "runDetails": {
        "builder": {"id": "builder"},
        "metadata": {"startedOn": "2026-01-01T00:00:00Z", "buildkit_metadata": BUILDKIT},
    },
}


def read(opened: Opener, path: Path, predicate_type: str, predicate: Any, subject: str | None = None) -> Attestations:
    """Return what is read of an image with one attestation, in an OCI archive and in one that docker saved."""
    store = OciStore()
    manifest = store.image(APP, tag="app:1")
    digest = subject or manifest["digest"].removeprefix("sha256:")
    statement = {"predicateType": predicate_type, "subject": [{"digest": {"sha256": digest}}], "predicate": predicate}
    attestation = store.attestation(manifest, to_json(statement))
    files = store.files([manifest, attestation])
    found = opened(write_tar(path / "oci.tar", files)).choose().read_attestations()
    saved = docker_files(APP) | files
    again = opened(write_tar(path / "docker.tar", saved)).choose().read_attestations()
    assert (again.provenance, again.sbom_packages) == (found.provenance, found.sbom_packages)
    assert len(again.problems) == len(found.problems)
    return found


@pytest.mark.parametrize(("version", "predicate"), [("v0.2", V02), ("v1", V1)])
def test_provenance_is_read_in_both_versions(opened: Opener, tmp_path: Path, version: str, predicate: Json) -> None:
    found = read(opened, tmp_path, f"https://slsa.dev/provenance/{version}", predicate)
    provenance = found.provenance
    assert provenance is not None
    assert found.problems == ()
    assert (provenance.builder, provenance.started, provenance.target) == ("builder", "2026-01-01T00:00:00Z", "release")
    assert provenance.build_arguments == {"VERSION": "2"}
    assert (provenance.source, provenance.revision) == ("https://example.com/app.git", "abc")
    assert provenance.materials == (Material("pkg:docker/debian@12", f"sha256:{'d' * 64}"),)
    assert provenance.dockerfile is not None
    assert provenance.dockerfile.text == TEXT
    first, second = map(Digest.parse, LAYERS)
    assert provenance.dockerfile.chains == {2: (first,), 3: (first, second)}


def test_provenance_without_the_source_has_its_facts(opened: Opener, tmp_path: Path) -> None:
    facts = {"builder": {"id": "ci"}, "invocation": {"configSource": {"uri": "git://x", "digest": {"sha1": "f00"}}}}
    provenance = read(opened, tmp_path, "https://slsa.dev/provenance/v0.2", facts).provenance
    assert provenance is not None
    assert (provenance.builder, provenance.source, provenance.revision) == ("ci", "git://x", "f00")
    assert provenance.dockerfile is None


def test_an_spdx_sbom_lists_packages(opened: Opener, tmp_path: Path) -> None:
    url = {"referenceType": "purl", "referenceLocator": "pkg:deb/debian/nginx@1.26%2B1?arch=amd64"}
    document = {
        "packages": [
            {"name": "nginx", "versionInfo": "1.26+1", "externalRefs": [{"referenceType": "cpe23Type"}, url]},
            {"name": "app"},
            {"name": "/", "primaryPackagePurpose": "FILE"},
        ]
    }
    found = read(opened, tmp_path, "https://spdx.dev/Document", document)
    assert found.sbom_packages == (("", "app", ""), ("deb", "nginx", "1.26+1"))


def test_a_cyclonedx_sbom_lists_packages_and_those_inside_them(opened: Opener, tmp_path: Path) -> None:
    inner = {"type": "library", "group": "@scope", "name": "inner", "version": "2"}
    outer = {"type": "library", "name": "x", "version": "1", "purl": "pkg:npm/%40scope/x@1", "components": [inner]}
    document = {"components": [outer, {"type": "operating-system", "name": "debian"}]}
    found = read(opened, tmp_path, "https://cyclonedx.org/bom/v1.6", document)
    assert found.sbom_packages == (("", "@scope/inner", "2"), ("npm", "@scope/x", "1"))


def test_an_sbom_without_packages_is_not_the_same_as_none(opened: Opener, tmp_path: Path) -> None:
    assert read(opened, tmp_path, "https://spdx.dev/Document", {}).sbom_packages == ()


def test_a_statement_about_another_manifest_is_not_believed(opened: Opener, tmp_path: Path) -> None:
    found = read(opened, tmp_path, "https://slsa.dev/provenance/v1", V1, subject="e" * 64)
    assert found.provenance is None
    (problem,) = found.problems
    assert "is about another manifest" in problem


@pytest.mark.parametrize("predicate", [[], {"metadata": 1}, {"materials": [{"digest": 5}]}])
def test_a_broken_statement_is_one_sentence(opened: Opener, tmp_path: Path, predicate: object) -> None:
    found = read(opened, tmp_path, "https://slsa.dev/provenance/v0.2", predicate)
    (problem,) = found.problems
    assert (found.provenance, problem.startswith("an attestation was ignored: cannot read blobs/")) == (None, True)


def test_a_statement_of_an_unknown_kind_is_only_named(opened: Opener, tmp_path: Path) -> None:
    assert read(opened, tmp_path, "https://example.com/other", {}) == Attestations(kinds=("https://example.com/other",))


def test_each_platform_of_the_sample_has_its_own_provenance(opened: Opener) -> None:
    source = opened(SAMPLES / "platforms.oci.tar")
    chains = {}
    for platform in ("linux/amd64", "linux/arm64", "linux/arm/v7"):
        chosen = source.choose(platform=platform)
        provenance = chosen.read_attestations().provenance
        assert provenance is not None
        assert provenance.dockerfile is not None
        chains[platform] = provenance.dockerfile.chains
        assert chains[platform][5] == tuple(each.digest for each in chosen.layers)
        assert chains[platform][4] == (chosen.layers[0].digest,)
    assert len({chain[5] for chain in chains.values()}) == 3
