"""The options of a builder that say where its result goes."""

import pytest

from layerscope.session.local.build_options import Output, build_options


@pytest.mark.parametrize(
    ("arguments", "outputs"),
    [
        (["."], ()),
        (["-t", "app", "."], ()),
        (["-o", "out", "."], (Output("local", "out"),)),
        (["-oout", "."], (Output("local", "out"),)),
        (["-qo", "out"], (Output("local", "out"),)),
        (["-o=out"], (Output("local", "out"),)),
        (["--output", "-"], (Output("tar", "-"),)),
        (["--output=type=oci,dest=x.tar"], (Output("oci", "x.tar"),)),
        (["--output", '"type=oci","dest=a,b.tar"'], (Output("oci", "a,b.tar"),)),
        (["-o", "type=docker", "-o", "type=local,dest=x"], (Output("docker", ""), Output("local", "x"))),
        (["--", "-o", "out"], ()),
    ],
)
def test_outputs_are_found(arguments: list[str], outputs: tuple[Output, ...]) -> None:
    assert build_options(arguments).outputs == outputs


@pytest.mark.parametrize(
    ("output", "stored", "archive", "stdout"),
    [
        ("type=image", True, False, False),
        ("type=docker", True, False, False),
        ("type=registry", False, False, False),
        ("type=docker,dest=x.tar", False, True, False),
        ("type=oci,dest=x", False, True, False),
        ("type=oci", False, False, True),
        ("type=docker,dest=-", False, False, True),
        ("type=tar,dest=x.tar", False, False, False),
        ("type=tar", False, False, True),
        ("-", False, False, True),
        ("folder", False, False, False),
        ("type=cacheonly", False, False, False),
    ],
)
def test_the_place_of_a_result_is_known(output: str, stored: bool, archive: bool, stdout: bool) -> None:
    options = build_options(["-o", output])
    (only,) = options.outputs
    assert (only.is_stored, only.is_archive, only.is_stdout) == (stored, archive, stdout)
    assert options.uses_stdout == stdout


def test_files_and_help_are_found() -> None:
    options = build_options(["--iidfile", "id", "--metadata-file=facts", "."])
    assert (options.id_file, options.metadata_file, options.asks_for_help) == ("id", "facts", False)
    assert build_options(["--help"]).asks_for_help
    assert build_options(["--iidfile=a", "--iidfile=b"]).id_file == "b"
