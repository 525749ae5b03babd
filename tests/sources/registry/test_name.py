"""Names of images in registries."""

import pytest

from layerscope.errors import UsageError
from layerscope.sources.registry.hosts import parse_registry_name

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("ubuntu", "docker.io/library/ubuntu:latest"),
        ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
        ("index.docker.io/ubuntu", "docker.io/library/ubuntu:latest"),
        ("ghcr.io/a/b/c", "ghcr.io/a/b/c:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("host:5000/app:v1", "host:5000/app:v1"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        (f"ghcr.io/app@{DIGEST}", f"ghcr.io/app@{DIGEST}"),
        (f"ghcr.io/app:v1@{DIGEST}", f"ghcr.io/app:v1@{DIGEST}"),
    ],
)
def test_names_are_completed_as_docker_does(text: str, full: str) -> None:
    assert str(parse_registry_name(text)) == full


@pytest.mark.parametrize("text", ["", "Upper", "ghcr.io/", "ghcr.io/a b", "ghcr.io/a@sha256:" + "g" * 64, "a@md5:1"])
def test_an_invalid_name_is_an_error_of_use(text: str) -> None:
    with pytest.raises(UsageError, match="not a name of an image"):
        parse_registry_name(text)
