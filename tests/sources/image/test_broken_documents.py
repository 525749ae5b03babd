"""Any value anywhere in a document: the result is an image, or one sentence that is safe for a screen."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.errors import LayerscopeError
from layerscope.sources.open import open_source
from tests.builders import (
    Members,
    OciStore,
    docker_files,
    file,
    image,
    layer,
    legacy_docker_files,
    write_folder,
)

pytestmark = pytest.mark.thorough

APP = image(layer(file("etc/hosts", b"H")), layer(file("top")), tags=["my-app:v1"])
ARM = image(layer(file("arm")), tags=["my-app:v2"], platform="linux/arm64/v8")
JUNK: tuple[Any, ...] = (None, 5, -1.5, "", "../../x\x1b[2J\u202e\0", f"sha256:{'a' * 64}", [], {}, [None], 10**30)


def oci() -> Members:
    store = OciStore()
    amd, arm = store.image(APP), store.image(ARM)
    return store.files([store.index([amd, arm, store.attestation(amd)], tag="my-app:v1"), store.artifact("a/b")])


def spoiled(document: Any) -> Iterator[bytes]:
    """Yield the document with each kind of junk at each of its places, and with each of its fields left out."""
    for place in places(document):
        for junk in JUNK:
            yield replaced(document, place, junk)
        if isinstance(place[-1], str):
            yield replaced(document, place, ...)


def places(node: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield (*above, key)
        yield from places(node[key], (*above, key))


def replaced(document: Any, place: tuple[str | int, ...], junk: Any) -> bytes:
    changed = copy.deepcopy(document)
    node = changed
    for key in place[:-1]:
        node = node[key]
    if junk is ...:
        del node[place[-1]]
    else:
        node[place[-1]] = junk
    return json.dumps(changed).encode()


@pytest.mark.parametrize(
    "files", [docker_files(APP, ARM), legacy_docker_files(APP, ARM), oci()], ids=["docker", "legacy", "oci"]
)
def test_junk_in_a_document_is_an_image_or_one_sentence(tmp_path: Path, files: Members) -> None:
    folder = write_folder(tmp_path / "image", files)
    for name, content in files.items():
        if isinstance(content, bytes) and content[:1] in (b"{", b"["):
            # the config of the other image has the form of this one's
            for document in spoiled(json.loads(content)) if content != ARM.config_json else ():
                (folder / name).write_bytes(document)
                check(folder)
            (folder / name).write_bytes(content)


def check(folder: Path) -> None:
    """Open every image of the folder; all text that comes of it must be safe."""
    texts: list[str] = []
    try:
        with open_source(str(folder)) as source:
            for candidate in source.candidates:
                texts.append(candidate.label)
                try:
                    built = candidate.build()
                except LayerscopeError as error:
                    texts.append(str(error))
                    continue
                texts += built.warnings
                texts += [each.problem for each in built.layers if each.problem is not None]
                assert all(each.problem for each in built.layers if each.blob is None)
                assert [step.layer for step in built.steps if step.layer] == [each.number for each in built.layers]
            source.choose("my-app:v1", "linux/arm64")
    except LayerscopeError as error:
        texts.append(str(error))
    assert all(text.isprintable() for text in texts), texts
