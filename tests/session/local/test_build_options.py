"""The options of a builder that say where its result goes."""

from pathlib import Path

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
    ("output", "stored", "archive"),
    [
        ("type=image", True, False),
        ("type=docker", True, False),
        ("type=registry", False, False),
        ("type=docker,dest=x.tar", False, True),
        ("type=oci,dest=x", False, True),
        ("type=oci", False, False),
        ("type=docker,dest=-", False, False),
        ("type=tar,dest=x.tar", False, False),
        ("type=tar", False, False),
        ("-", False, False),
        ("folder", False, False),
        ("type=cacheonly", False, False),
    ],
)
def test_the_place_of_a_result_is_known(output: str, stored: bool, archive: bool) -> None:
    (only,) = build_options(["-o", output]).outputs
    assert (only.is_stored, only.is_archive) == (stored, archive)


def test_files_and_help_are_found() -> None:
    options = build_options(["--iidfile", "id", "--metadata-file=facts", "."])
    assert (options.id_file, options.metadata_file, options.asks_for_help) == ("id", "facts", False)
    assert build_options(["--help"]).asks_for_help
    assert build_options(["--iidfile=a", "--iidfile=b"]).id_file == "b"


@pytest.mark.parametrize(
    ("arguments", "context"),
    [
        (["."], "."),
        (["app", "-t", "x"], "app"),
        (["-t", "x", "app"], "app"),
        (["-qt", "x", "--build-arg", "A=1", "--pull", "app"], "app"),
        (["--network=host", "app", "--no-cache"], "app"),
        (["-t", "x", "-"], "-"),
        (["-t", "x", "--", "-odd"], "-odd"),
        (["-t", "x"], None),
    ],
)
def test_the_context_is_found_among_the_options(arguments: list[str], context: str | None) -> None:
    assert build_options(arguments).context == context


def test_tags_target_and_build_arguments_are_found() -> None:
    options = build_options(["-t", "a:1", "--tag=b", "-qtc", "--target", "build", "--build-arg", "A=1", "."])
    assert (options.is_quiet, options.arguments) == (True, ("A=1",))
    assert (options.tags, options.target) == (("a:1", "b", "c"), "build")


@pytest.mark.parametrize(
    ("arguments", "pushed", "uncached"),
    [
        (["."], False, False),
        (["--push", "."], True, False),
        (["--push", "--load", "."], False, False),
        (["--no-cache", "."], False, True),
        (["--no-cache=false", "."], False, False),
    ],
)
def test_a_push_and_a_refused_cache_are_known(arguments: list[str], pushed: bool, uncached: bool) -> None:
    options = build_options(arguments)
    assert (options.is_only_pushed, options.refuses_cache) == (pushed, uncached)


def test_the_dockerfile_is_the_one_that_the_builder_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app").mkdir()
    for name in ("app/Dockerfile", "app/Containerfile", "own"):
        Path(name).touch()
    assert build_options(["app"]).dockerfile("docker") == Path("app/Dockerfile")
    assert build_options(["app"]).dockerfile("podman") == Path("app/Containerfile")
    assert build_options(["-f", "own", "app"]).dockerfile("docker") == Path("own")
    for arguments in (["-"], ["https://example.com/x.git"], ["-f", "-", "app"], ["-f", "none", "app"], []):
        assert build_options(arguments).dockerfile("docker") is None


@pytest.mark.parametrize("option", ["--timestamp=0", "--source-date-epoch=0"])
def test_options_that_give_all_steps_one_time_are_known(option: str) -> None:
    assert build_options([option, "."]).fixes_times
    assert not build_options(["--timeout=0", "."]).fixes_times


@pytest.mark.parametrize(
    ("arguments", "several"),
    [
        (["--platform", "linux/amd64,linux/arm64"], True),
        (["--platform=linux/amd64", "--platform=linux/arm64"], True),
        (["--all-platforms"], True),
        (["--platform", "linux/amd64"], False),
        ([], False),
    ],
)
def test_a_build_for_several_platforms_is_known(arguments: list[str], several: bool) -> None:
    assert build_options(arguments).is_for_several_platforms is several
