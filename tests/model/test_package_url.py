"""Package URLs: https://github.com/package-url/purl-spec."""

import pytest

from layerscope.model.provenance import PackageUrl, parse_package_url


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64&distro=debian-13",
            ("deb", "debian/libc6", "2.41-12+deb13u1"),
        ),
        ("pkg:npm/%40babel/core@7.1.0#dist", ("npm", "@babel/core", "7.1.0")),
        ("pkg:npm/@babel/core", ("npm", "@babel/core", "")),
        ("pkg:PyPI/django", ("pypi", "django", "")),
        ("pkg:docker/localhost%3A5000/app@1?platform=linux%2Famd64", ("docker", "localhost:5000/app", "1")),
    ],
)
def test_a_package_url_is_split_into_its_parts(text: str, parts: tuple[str, str, str]) -> None:
    assert parse_package_url(text) == PackageUrl(*parts)


@pytest.mark.parametrize("text", ["", "pkg:", "pkg:deb", "pkg:deb/", "nginx", "https://example.com/pkg:deb/x"])
def test_other_text_is_not_a_package_url(text: str) -> None:
    assert parse_package_url(text) is None
