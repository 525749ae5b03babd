"""``layerscope dockerfile``: the lines with their cost, and what bad input gets."""

import json
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from layerscope.session.open import open_image
from tests.builders import (
    OciStore,
    blob_name,
    docker_archive,
    docker_files,
    file,
    image,
    layer,
    sha256,
    to_json,
    whiteout,
    write_tar,
)
from tests.cli.runner import MY_APP, PLATFORMS, ask
from tests.samples import SAMPLES

Capture = pytest.CaptureFixture[str]
DOCKERFILE = SAMPLES / "dockerfiles/my-app/v1/Dockerfile"


def document(capsys: Capture, *arguments: str | Path) -> Any:
    outcome = ask(capsys, "dockerfile", *arguments, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    return json.loads(outcome.out)


def costs(shown: Any) -> dict[int, tuple[list[int], int, int]]:
    return {
        row["line"]: (row["layers"], row["content_size"], row["dead_size"]) for row in shown["lines"] if row["layers"]
    }


def check_sums(shown: Any, reference: Path) -> None:
    """Assert that the sizes of the lines add up to those of the image."""
    with open_image(str(reference), platform=None) as session:
        tallies = session.tallies
    for name, total in (("content_size", tallies.content_size), ("dead_size", tallies.dead_size)):
        assert sum(row[name] or 0 for row in [*shown["lines"], shown["unplaced"]]) == total


def test_all_steps_of_the_sample_align_with_its_dockerfile(capsys: Capture) -> None:
    shown = document(capsys, MY_APP, "-f", DOCKERFILE)
    assert (shown["source"], shown["matched"], shown["steps"]) == ("aligned", 11, 11)
    layers = {line: made for line, (made, _, _) in costs(shown).items()}
    assert layers == {2: [1], 10: [2], 11: [3], 14: [4], 17: [5], 28: [6]}
    assert costs(shown)[10] == ([2], 95_899, 95_899)
    assert shown["base"] == "my-app-base:1"
    assert "".join(f"{row['text']}\n" for row in shown["lines"]) == DOCKERFILE.read_text()
    check_sums(shown, MY_APP)


def test_the_source_comes_from_the_provenance_of_the_image(capsys: Capture) -> None:
    shown = document(capsys, PLATFORMS, "--platform", "linux/amd64")
    assert shown["source"] == "provenance"
    assert costs(shown) == {4: ([1], 120, 0), 5: ([2], 116, 0)}


def test_a_table_shows_the_text_beside_its_cost(capsys: Capture) -> None:
    lines = ask(capsys, "dockerfile", MY_APP, "-f", DOCKERFILE).out.splitlines()
    assert lines[1] == "aligned: 11 of 11 steps match · base my-app-base:1"
    (row,) = [line for line in lines if line.endswith("apt-get update")]
    assert row.split()[:6] == ["2", "96", "kB", "35", "%", "████████"]
    assert row.split()[8:11] == ["96", "kB", "(1)"]
    assert lines[-1].startswith("(5) ")


def test_another_dockerfile_than_that_of_the_provenance_is_aligned(capsys: Capture, tmp_path: Path) -> None:
    other = tmp_path / "Dockerfile"
    other.write_text("FROM scratch\nCOPY other /\nCOPY linux/$TARGETARCH/ /\n")
    shown = document(capsys, PLATFORMS, "--platform", "linux/amd64", "-f", other)
    assert (shown["source"], shown["matched"], shown["steps"]) == ("aligned", 0, 2)
    assert shown["unplaced"]["layers"] == [1, 2]


def test_a_target_needs_a_dockerfile(capsys: Capture) -> None:
    assert "name it with -f" in ask(capsys, "dockerfile", MY_APP, "--target", "x").complaint


def test_an_image_without_its_dockerfile_has_one_from_its_history(capsys: Capture) -> None:
    found = document(capsys, MY_APP)
    assert (found["source"], found["matched"], found["unplaced"]["layers"]) == ("reconstructed", 13, [])
    assert [line["layers"] for line in found["lines"] if line["layers"]] == [[layer] for layer in range(1, 7)]
    assert document(capsys, MY_APP, "--base", "1")["lines"][0]["text"] == "FROM scratch"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "not UTF-8"),
        (b"# " + b"x" * 1_000_000, "larger than"),
        (b"#\n" * 20_001, "more than 20,000 lines"),
        (b"RUN a", "has no FROM"),
    ],
)
def test_a_file_that_is_no_dockerfile_is_an_error(
    capsys: Capture, tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "Dockerfile"
    if content is not None:
        path.write_bytes(content)
    assert complaint in ask(capsys, "dockerfile", MY_APP, "-f", path).complaint


def test_a_layer_that_cannot_be_read_has_no_figures(capsys: Capture, tmp_path: Path) -> None:
    app = image(layer(file("a")), layer(file("b")))
    files = docker_files(app)
    del files[blob_name(sha256(app.layers[1]))]
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY layer-1 /\nCOPY layer-2 /\n")
    outcome = ask(capsys, "dockerfile", write_tar(tmp_path / "a.tar", files), "-f", tmp_path / "Dockerfile", "--json")
    rows = json.loads(outcome.out)["lines"]
    assert [(row["layers"], row["content_size"]) for row in rows] == [([], 0), ([1], 0), ([2], None)]
    assert "warning: layer 2" in outcome.err


def test_control_characters_of_a_dockerfile_do_not_reach_the_terminal(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY layer-1 /\n# \x1b[31m\n")
    archive = docker_archive(tmp_path / "a.tar", image(layer(file("a", b"1"))))
    assert "\x1b" not in ask(capsys, "dockerfile", archive, "-f", tmp_path / "Dockerfile").out


def test_why_names_the_lines_and_gives_a_patch(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.read_text())
    monkeypatch.chdir(tmp_path)
    assert "layer 2 (Dockerfile:10)" in ask(capsys, "why", MY_APP, "-f", "Dockerfile").out
    advice = json.loads(ask(capsys, "why", MY_APP, "-f", "Dockerfile", "--json").out)["advice"]
    assert (advice[0]["line"], advice[0]["patch"].splitlines()[0]) == (10, "--- a/Dockerfile")
    assert all(
        row["line"] is None and row["patch"] is None
        for row in json.loads(ask(capsys, "why", MY_APP, "--json").out)["advice"]
    )
    patch = ask(capsys, "why", MY_APP, "-f", "Dockerfile", "--patch")
    assert patch.status == 0
    assert "+RUN --mount=type=bind,from=tools,target=/bin apt-get update && apt-get install -y nginx \\\n" in patch.out
    subprocess.run(["git", "apply", "-"], input=patch.out, text=True, cwd=tmp_path, check=True)


@pytest.mark.parametrize("is_repository", [True, False])
@pytest.mark.parametrize(
    ("folder", "name", "options"),
    [
        (".", "./Dockerfile", []),
        (".", "docker/Dockerfile", []),
        ("docker", "Dockerfile", []),
        ("docker", "../docker/Dockerfile", []),
        ("docker", "../Dockerfile", ["--unsafe-paths"]),
    ],
)
def test_git_applies_a_patch_from_any_folder(
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    folder: str,
    name: str,
    options: list[str],
    is_repository: bool,
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if is_repository:
        subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "docker").mkdir()
    monkeypatch.chdir(tmp_path / folder)
    Path(name).write_text(DOCKERFILE.read_text())
    patch = ask(capsys, "why", MY_APP, "-f", name, "--patch")
    assert patch.err == "".join(
        f"layerscope: {name} is outside this folder: git apply needs {option}\n" for option in options
    )
    subprocess.run(["git", "apply", *options, "-"], input=patch.out, text=True, check=True)
    assert "RUN --mount=type=bind,from=tools" in Path(name).read_text()


def test_why_gives_lines_and_patches_for_an_image_with_provenance(capsys: Capture, tmp_path: Path) -> None:
    commands = ("apt-get update && apt-get install -y x", "rm -rf /var/lib/apt/lists")
    text = "FROM scratch\n" + "".join(f"RUN {command}\n" for command in commands)
    history = [{"created_by": f"RUN /bin/sh -c {command} # buildkit"} for command in commands]
    store = OciStore()
    lists = layer(file("var/lib/apt/lists/main", b"1" * 200_000))
    manifest = store.image(image(lists, layer(whiteout("var/lib/apt/lists")), history=history), tag="app:1")
    source = {"infos": [{"filename": "Dockerfile", "data": b64encode(text.encode()).decode()}], "locations": {}}
    statement = {
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [{"digest": {"sha256": manifest["digest"].removeprefix("sha256:")}}],
        "predicate": {"runDetails": {"metadata": {"buildkit_metadata": {"source": source}}}},
    }
    archive = write_tar(tmp_path / "a.tar", store.files([manifest, store.attestation(manifest, to_json(statement))]))
    (advice,) = json.loads(ask(capsys, "why", archive, "--json").out)["advice"]
    assert advice["line"] == 2
    assert advice["patch"].startswith("--- a/Dockerfile\n+++ b/Dockerfile\n")
    assert "-RUN apt-get update && apt-get install -y x\n" in advice["patch"]


def test_a_patch_needs_the_dockerfile(capsys: Capture) -> None:
    assert "does not hold its Dockerfile" in ask(capsys, "why", MY_APP, "--patch").complaint


def test_an_image_without_advice_has_an_empty_patch(capsys: Capture) -> None:
    outcome = ask(capsys, "why", PLATFORMS, "--platform", "linux/amd64", "--patch")
    assert (outcome.status, outcome.out) == (0, "")
    assert outcome.err == "layerscope: no advice can be given as a patch of this Dockerfile\n"


def test_check_points_at_the_lines_of_the_dockerfile(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.read_text())
    (tmp_path / ".layerscope.toml").write_text('max-layer-size = "90 kB"\n')
    monkeypatch.chdir(tmp_path)
    github = ask(capsys, "check", MY_APP, "-f", "Dockerfile", "--format", "github").out
    assert "file=Dockerfile,line=10,title=my-app%3Av1" in github.splitlines()[0]
    sarif = json.loads(ask(capsys, "check", MY_APP, "-f", "Dockerfile", "--format", "sarif").out)
    (result,) = sarif["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("Dockerfile", 10)
    assert "layer 2 (Dockerfile:10, RUN apt-get update)" in result["message"]["text"]
    document = json.loads(ask(capsys, "check", MY_APP, "-f", "Dockerfile", "--json").out)
    assert document["rules"][0]["places"][0]["line"] == 10
    without = ask(capsys, "check", MY_APP, "--format", "github").out
    assert "file=.layerscope.toml,line=1" in without


@pytest.mark.parametrize("name", ["page.html", "page.md"])
def test_a_report_names_the_lines_of_the_dockerfile(capsys: Capture, tmp_path: Path, name: str) -> None:
    assert ask(capsys, "report", MY_APP, "-f", DOCKERFILE, "-o", tmp_path / name).status == 0
    assert "ayer 2 (Dockerfile:10)" in (tmp_path / name).read_text()
