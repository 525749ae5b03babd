"""The details of a step."""

from layerscope.analysis.packages.sbom import SbomComparison, SbomDifference
from layerscope.model.image import Step
from layerscope.model.provenance import Attestations, Material, Provenance, StatedPackage
from layerscope.session.reading.layer_reading import LayerStack
from layerscope.tui.explorer.step_fields import attestation_fields, step_fields


def test_a_heredoc_is_shown_with_its_line_breaks_and_without_control_characters() -> None:
    fields = step_fields(Step("RUN cat <<EOF\n  one\n\x1b[2J\nEOF"), None, LayerStack().tallies())
    assert fields[0] == ("Step", "RUN cat <<EOF\n  one\n\\x1b[2J\nEOF")


def test_the_provenance_of_an_image_is_shown_without_control_characters() -> None:
    provenance = Provenance(
        builder="https://ci.example/\x1b[2J",
        source="https://git.example/app",
        revision="c0ffee",
        build_arguments={"VERSION": "2"},
        materials=(Material("pkg:docker/debian@12", "sha256:1"),),
    )
    fields = dict(
        attestation_fields(Attestations(provenance, (StatedPackage("deb", "nginx", "1"),), ("one was ignored",)), None)
    )
    assert fields == {
        "Built by": "https://ci.example/\\x1b[2J",
        "Built from": "https://git.example/app c0ffee",
        "Built at": "",
        "Built with": "pkg:docker/debian@12 sha256:1",
        "Argument": "VERSION=2",
        "SBOM": "1 package",
        "Note": "one was ignored",
    }


def test_an_image_without_attestations_has_nothing_to_show_of_them() -> None:
    assert {text for _, text in attestation_fields(Attestations(), None)} == {""}


def test_the_sbom_says_what_of_it_is_in_the_image() -> None:
    difference = SbomDifference("dpkg", "curl", None, "8")
    compared = SbomComparison(3, 1, (difference, difference._replace(stated="7")), {"golang": 1})
    fields = dict(attestation_fields(Attestations(sbom_packages=()), compared))
    assert fields["SBOM"] == (
        "1 of 3 packages found in the image, 1 with another version, 1 of type golang not looked for,"
        " 1 package of the image not listed"
    )
