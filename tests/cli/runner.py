"""Runs the command line, in this process or in one of its own.

::

    outcome = ask(capsys, "layers", MY_APP, "--json")
    assert outcome.status == 0
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from layerscope.cli.main import run
from layerscope.report.schema import DOCUMENTS
from tests.report.documents import validate
from tests.samples import SAMPLES

MY_APP = SAMPLES / "my-app.tar"
PLATFORMS = SAMPLES / "platforms.oci.tar"

Document = dict[str, Any]

COMMAND = (sys.executable, "-m", "layerscope")
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error of a run that failed."""
        assert self.status == 2, self
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.isprintable()
        assert "Traceback" not in line
        assert line.startswith("layerscope: ")
        return line.removeprefix("layerscope: ")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Outcome:
    """Run the command line in this process; a document that it prints has to fit its schema."""
    capsys.readouterr()
    words = list(map(str, arguments))
    outcome = Outcome(run(words), *capsys.readouterr())
    if "--json" in words and outcome.out.startswith("{"):
        command = next((word for word in words if word in DOCUMENTS), "layers")
        if command == "cache" and not {"prune", "clear"}.isdisjoint(words):
            command = "cache-removed"
        if command == "images" and "--layers" in words:
            command = "images-layers"
        if words[:2] == ["survey", "report"]:
            command = "survey-rows" if "--sql" in words else "survey-report"
        validate(command, json.loads(outcome.out))
    return outcome


def document(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Document:
    """Return what a command writes with --json."""
    outcome = ask(capsys, *arguments, "--json")
    assert outcome.status == 0
    found: Document = json.loads(outcome.out)
    return found


def without(document: Any, names: set[str]) -> Any:
    """Return a document without some fields, wherever they are."""
    if isinstance(document, dict):
        return {key: without(value, names) for key, value in document.items() if key not in names}
    return [without(part, names) for part in document] if isinstance(document, list) else document


def start(*arguments: str | Path, **options: Any) -> "subprocess.Popen[bytes]":
    """Start the command line in a process of its own; ``options`` are those of Popen, ``facts`` its variables."""
    facts = options.pop("facts", {})
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(command, env=os.environ | facts, **options)  # the very command


def launch(*arguments: str | Path, stdin: int | IO[bytes] = subprocess.DEVNULL, **facts: str) -> Outcome:
    """Run the command line in a process of its own; ``facts`` are variables of its environment."""
    pipe = subprocess.PIPE
    with start(*arguments, stdin=stdin, stdout=pipe, stderr=pipe, facts=facts) as process:
        out, err = process.communicate(timeout=_PATIENCE_SECONDS)
    return Outcome(process.returncode, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape"))
