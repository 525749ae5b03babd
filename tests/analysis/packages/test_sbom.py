"""An SBOM compared with the packages of the image."""

from layerscope.analysis.packages.package import Package
from layerscope.analysis.packages.sbom import SbomDifference, compare_sbom
from layerscope.model.provenance import StatedPackage


def test_a_package_is_joined_by_its_manager_name_and_version() -> None:
    stated = [StatedPackage("deb", "nginx", "1.26"), StatedPackage("npm", "nginx", "2")]
    found = [Package("dpkg", "nginx", "1.26"), Package("npm", "nginx", "2")]
    assert compare_sbom(stated, found) == (2, 2, (), {})


def test_what_only_one_of_both_has_is_a_difference() -> None:
    compared = compare_sbom([StatedPackage("deb", "curl", "8")], [Package("dpkg", "nginx", "1")])
    assert compared.matched == 0
    assert compared.differences == (
        SbomDifference("dpkg", "curl", "8", None),
        SbomDifference("dpkg", "nginx", None, "1"),
    )


def test_another_version_is_one_difference() -> None:
    compared = compare_sbom([StatedPackage("apk", "musl", "1.2.4")], [Package("apk", "musl", "1.2.5")])
    assert compared.differences == (SbomDifference("apk", "musl", "1.2.4", "1.2.5"),)


def test_several_versions_of_a_package_are_told_apart() -> None:
    stated = [StatedPackage("npm", "ms", version) for version in ("1", "2", "3")]
    compared = compare_sbom(stated, [Package("npm", "ms", "1"), Package("npm", "ms", "4")])
    assert compared.matched == 1
    assert compared.differences == (
        SbomDifference("npm", "ms", "2", None),
        SbomDifference("npm", "ms", "3", None),
        SbomDifference("npm", "ms", None, "4"),
    )


def test_the_spelling_of_a_python_name_makes_no_difference_and_that_of_an_npm_name_does() -> None:
    stated = [StatedPackage("pypi", "ruamel-yaml", "1"), StatedPackage("npm", "lodash.get", "1")]
    found = [Package("pip", "ruamel.yaml", "1"), Package("npm", "lodash-get", "1")]
    compared = compare_sbom(stated, found)
    assert compared.matched == 1
    assert [each.name for each in compared.differences] == ["lodash-get", "lodash.get"]


def test_a_package_without_a_url_is_joined_where_name_and_version_are_the_same() -> None:
    stated = [StatedPackage("", "nginx", "1"), StatedPackage("", "the scanned folder", "")]
    assert compare_sbom(stated, [Package("dpkg", "nginx", "1")]) == (2, 1, (), {"": 1})


def test_a_package_stated_without_a_version_is_joined_by_its_name() -> None:
    compared = compare_sbom([StatedPackage("deb", "nginx", "")], [Package("dpkg", "nginx", "1")])
    assert (compared.matched, compared.differences) == (1, ())


def test_types_that_no_database_is_read_for_are_counted() -> None:
    stated = [StatedPackage("golang", "x", "1"), StatedPackage("golang", "y", "1"), StatedPackage("nuget", "bash", "5")]
    assert compare_sbom(stated, []) == (3, 0, (), {"golang": 2, "nuget": 1})
