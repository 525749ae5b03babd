"""Sentences on a size report."""

from layerscope.analysis.packages.sbom import SbomComparison, SbomDifference
from layerscope.session.size.remarks import sbom_version
from layerscope.session.summary import sbom_words


def test_a_package_without_a_version_is_not_said_to_be_missing() -> None:
    assert [sbom_version(version) for version in (None, "", "1.26")] == ["no", "yes", "1.26"]


def test_the_words_on_an_sbom_count_each_kind_of_difference() -> None:
    differences = (
        SbomDifference("dpkg", "nginx", "1.26", "1.27"),
        SbomDifference("dpkg", "curl", "8.0", None),
        SbomDifference("npm", "left-pad", None, "1.3"),
    )
    assert sbom_words(SbomComparison(5, 2, differences, {"golang": 1})) == (
        "2 of 5 packages found in the image, 1 with another version, 1 not found,"
        " 1 of type golang not looked for, 1 package of the image not listed"
    )
