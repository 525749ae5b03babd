"""``why --patch`` for ``.dockerignore``: only what surely need not be in the context."""

import subprocess
from pathlib import Path

import pytest

from tests.builders import directory, docker_archive, file, image, layer, whiteout
from tests.cli.runner import ask

Capture = pytest.CaptureFixture[str]

NEWLINE = "\n"
BIG = b"x" * 50_000
KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b"A" * 200
DOCKERFILE = "FROM scratch\nWORKDIR /srv\nCOPY app ./\nRUN rm -rf /srv/tests && mkdir -p /srv/new\n"
FILES = {
    "tests/data": BIG,
    "tests/a[1]": b"a",
    "main.py": b"m",
    ".git/HEAD": b"ref",
    ".git/objects/1": BIG,
    "id_rsa": KEY,
}


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a context with the files of the image, and make it the current folder."""
    for name, content in FILES.items():
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


def patch(capsys: Capture, context: Path, dockerfile: str = DOCKERFILE) -> str:
    """Return the patch for an image that was built from the context."""
    (context / "Dockerfile").write_text(dockerfile)
    copied = layer(directory("srv"), *(file(f"srv/{name}", content) for name, content in FILES.items()))
    steps = [line for line in dockerfile.splitlines() if line.startswith(("COPY", "RUN"))]
    history = [
        {"created_by": "WORKDIR /srv", "empty_layer": True},
        *({"created_by": f"{line} # buildkit"} for line in steps),
    ]
    layers = [copied, layer(whiteout("srv/tests"), directory("srv/new"))]
    layers[1:1] = [layer(file(f"srv/step-{number}", b"1")) for number in range(len(steps) - 2)]
    recipe = image(*layers, history=history, config={"WorkingDir": "/srv"})
    outcome = ask(capsys, "why", docker_archive(context / "image.tar", recipe), "-f", "Dockerfile", "--patch")
    assert outcome.status == 0
    return outcome.out


def added(text: str) -> set[str]:
    """Return the lines that a patch adds to the file."""
    return {line[1:] for line in text.partition("b/.dockerignore")[2].splitlines() if line.startswith("+")}


def test_deleted_files_git_and_secrets_of_a_copied_folder_are_left_out(context: Path, capsys: Capture) -> None:
    text = patch(capsys, context)
    subprocess.run(["git", "apply", "-"], input=text, text=True, cwd=context, check=True)
    assert (context / ".dockerignore").read_text().splitlines() == ["app/.git", "app/tests", "app/id_rsa"]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_lines_are_added_to_the_file_that_is_there(context: Path, capsys: Capture, end: str) -> None:
    (context / ".dockerignore").write_bytes(f"# mine{end or NEWLINE}other{end}".encode())
    subprocess.run(["git", "apply", "-"], input=patch(capsys, context), text=True, cwd=context, check=True)
    lines = (context / ".dockerignore").read_text().splitlines()
    assert lines == ["# mine", "other", "app/.git", "app/tests", "app/id_rsa"]


@pytest.mark.parametrize(
    "dockerfile",
    [
        DOCKERFILE.replace("COPY app ./", "COPY app/tests app/.git app/id_rsa ./"),
        DOCKERFILE.replace("COPY app ./", "COPY app ./\nCOPY app/. /other"),
        DOCKERFILE.replace("COPY app ./", "ARG NAME\nCOPY app ./\nCOPY $NAME /other"),
        DOCKERFILE.replace("RUN rm", "RUN --mount=type=bind,target=/src rm"),
    ],
    ids=["named itself", "copied twice", "unknown copy", "mounted"],
)
def test_what_another_instruction_may_need_stays(context: Path, capsys: Capture, dockerfile: str) -> None:
    assert added(patch(capsys, context, dockerfile)) == set()


def test_what_a_command_may_have_used_before_it_was_deleted_stays(context: Path, capsys: Capture) -> None:
    text = patch(capsys, context, DOCKERFILE.replace("RUN rm", "RUN make test\nRUN rm"))
    assert added(text) == {"app/.git", "app/id_rsa"}


def test_what_the_context_lacks_or_leaves_out_already_is_not_guessed(context: Path, capsys: Capture) -> None:
    (context / "app/id_rsa").unlink()
    (context / "Dockerfile.dockerignore").write_text("app/.git\n")
    text = patch(capsys, context)
    assert "--- a/Dockerfile.dockerignore" in text
    assert [line for line in text.splitlines() if line.startswith("+app")] == ["+app/tests"]
