"""The list of an engine's images."""

import io

from layerscope.model.local_image import LocalImage
from layerscope.report.local.document import images_document
from layerscope.report.local.table import write_image_table

IMAGES = (
    LocalImage("docker", ("my-app:v1", "my-app:latest"), "sha256:abc", 402_000_000, 1795468740),
    LocalImage("podman", (), "sha256:def", None, None),
)


def test_the_document_has_a_reference_for_each_image() -> None:
    assert images_document(IMAGES) == {
        "schema_version": 1,
        "images": [
            {
                "reference": "docker://my-app:v1",
                "engine": "docker",
                "tags": ["my-app:v1", "my-app:latest"],
                "id": "sha256:abc",
                "size": 402_000_000,
                "created": "2026-11-23T21:19:00Z",
            },
            {
                "reference": "podman://sha256:def",
                "engine": "podman",
                "tags": [],
                "id": "sha256:def",
                "size": None,
                "created": None,
            },
        ],
    }


def test_the_table_has_a_row_for_each() -> None:
    output = io.StringIO()
    write_image_table(IMAGES, output)
    assert output.getvalue().splitlines() == [
        "  size  created           engine  image",
        "402 MB  2026-11-23 21:19  docker  my-app:v1, my-app:latest",
        "     ?                    podman  (no tag) sha256:def",
    ]
