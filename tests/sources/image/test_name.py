"""Names of images: the grammar, and short forms."""

import pytest

from layerscope.sources.image.name import ImageName


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("my-app", "docker.io/library/my-app:latest"),
        ("my-app:v1", "docker.io/library/my-app:v1"),
        ("my-app:v1", "localhost/my-app:v1"),
        ("me/my-app", "docker.io/me/my-app:latest"),
        ("index.docker.io/library/my-app", "my-app:latest"),
    ],
)
def test_short_and_long_forms_are_one_name(short: str, long: str) -> None:
    first, second = ImageName.parse(short), ImageName.parse(long)
    assert first is not None
    assert second is not None
    assert first.full == second.full


@pytest.mark.parametrize(
    ("text", "domain", "path", "tag"),
    [
        ("ghcr.io/me/my-app:v1", "ghcr.io", "me/my-app", "v1"),
        ("localhost:5000/my-app", "localhost:5000", "my-app", ""),
        ("4cf4f1a81eac", "", "4cf4f1a81eac", ""),
        (f"sha256:{'a' * 64}", "", "sha256", "a" * 64),
    ],
)
def test_parts_of_a_name(text: str, domain: str, path: str, tag: str) -> None:
    name = ImageName.parse(text)
    assert name is not None
    assert (name.domain, name.path, name.tag) == (domain, path, tag)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "./my-app.tar",
        "../x",
        "/etc/passwd",
        "a/../b",
        "My-App",
        "a b",
        "a\x1b[0m",
        "-rf",
        "a:",
        "a@b",
        "é",
    ],
)
def test_invalid_names_are_rejected(text: str) -> None:
    assert ImageName.parse(text) is None


def test_an_overlong_name_is_rejected() -> None:
    assert ImageName.parse("a" * 600) is None
