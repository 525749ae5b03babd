"""The list of an engine's images."""

import io

from layerscope.model.engine import Engine
from layerscope.model.local import LocalImage
from layerscope.report.listings import write_image_table, write_images_document
from tests.report.documents import read_back

IMAGES = (
    LocalImage(
        Engine.DOCKER,
        ("my-app:v1", "my-app:latest"),
        "sha256:abcdef0123456789",
        402_000_000,
        1795468740,
        210_000_000,
        4,
    ),
    LocalImage(Engine.PODMAN, (), "sha256:def", None, None),
)


def test_the_document_has_a_reference_for_each_image() -> None:
    assert read_back(write_images_document, IMAGES) == {
        "schema_version": 2,
        "images": [
            {
                "reference": "docker://my-app:v1",
                "engine": "docker",
                "id": "sha256:abcdef0123456789",
                "tags": ["my-app:v1", "my-app:latest"],
                "created": "2026-11-23T21:19:00Z",
                "size": 402_000_000,
                "shared_size": 210_000_000,
                "unique_size": 192_000_000,
                "layers": 4,
            },
            {
                "reference": "podman://sha256:def",
                "engine": "podman",
                "id": "sha256:def",
                "tags": [],
                "created": None,
                "size": None,
                "shared_size": None,
                "unique_size": None,
                "layers": None,
            },
        ],
    }


def test_the_table_has_a_row_for_each() -> None:
    output = io.StringIO()
    write_image_table(IMAGES, output)
    assert output.getvalue().splitlines() == [
        "  size  shared  unique  layers  created           engine  id            image",
        "402 MB  210 MB  192 MB       4  2026-11-23 21:19  docker  abcdef012345  my-app:v1, my-app:latest",
        "     ?       ?       ?       ?                    podman  def           (no tag)",
    ]
