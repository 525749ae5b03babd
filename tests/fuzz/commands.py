"""The commands that run on each image, and what must hold for every one of them."""

import io
import json
import logging
import os
import random
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layerscope.cli.main import run
from layerscope.errors import LayerscopeError
from tests.fuzz.case import Case
from tests.fuzz.oracle import Row, expected_trees

_INTERNAL_ERROR = re.compile(r"internal error|mistake in layerscope itself|Traceback|Exception ignored")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that could steer a terminal; tables and messages must not contain them."""

_RULES = """\
min-efficiency = 0.9
max-dead-size = "1 kB"
max-dead-share = "5 %"
max-content-size = 2000
max-blob-size = "2 kB"
max-layer-size = 1000
max-layers = 3
forbidden-paths = ["/root/.ssh/**", ".git", "*.py", "**/lib/**"]
required-paths = ["/etc/passwd"]
allowed-setuid = ["/usr/bin/passwd"]
allowed-secrets = []
ignore = ["/usr/**"]
"""


@dataclass
class Outcome:
    """The result of one command."""

    words: list[str]
    status: int
    out: str
    err: str
    errors: list[str] = field(default_factory=list)
    """Tracebacks of exceptions that are no expected kind of failure."""

    def problems(self) -> Iterator[str]:
        """Yield what must not happen, whatever the image is."""
        yield from self.errors
        if _INTERNAL_ERROR.search(self.err) and not self.errors:
            yield f"internal error: {self.err[:500]}"
        if self.status not in (0, 1, 2):
            yield f"exit status {self.status}"
        if self.status == 2 and not self.err.strip():
            yield "exit status 2 without a message"
        if self.status == 0 and not self.out and self.words[0] in ("layers", "why", "tree", "history"):
            yield from [] if self.words[0] == "tree" and "--json" not in self.words else ["no output, no error"]
        if _CONTROL.search(self.err):
            yield f"a control character in a message: {self.err[:300]!r}"
        if max(map(len, self.err.splitlines()), default=0) > 2000:
            yield f"a message of {len(self.err)} characters: {self.err[:300]!r}"
        yield from self._odd_output()

    def _odd_output(self) -> Iterator[str]:
        if "--json" not in self.words:
            if "--patch" not in self.words and _CONTROL.search(self.out):
                yield f"a control character in the output: {_around(_CONTROL, self.out)!r}"
        elif self.status != 2:
            try:
                json.loads(self.out)
            except ValueError as error:
                yield f"invalid JSON: {error}: {self.out[:200]!r}"


def _around(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return text[max(0, found.start() - 80) : found.start() + 40] if found else ""


class _ErrorLog(logging.Handler):
    """A collector of the errors that the command line notes in its log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None and not _is_expected(record.exc_info[1]):
            self.errors.append(_short_traceback(record.exc_info[1]))


def _is_expected(error: BaseException) -> bool:
    return isinstance(error, (LayerscopeError, OSError, SystemExit)) or type(error).__module__.startswith(
        ("typer", "click")
    )


def _short_traceback(error: BaseException) -> str:
    lines = traceback.format_exception(error)
    text = "".join(lines if len(lines) < 14 else [*lines[:6], "  …\n", *lines[-6:]])
    return text[-3000:]


def run_command(words: list[str]) -> Outcome:
    """Run the command line in this process, with its output in memory."""
    errors = _ErrorLog()
    log = logging.getLogger("layerscope")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(errors)
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace", newline="") for _ in range(2))
    with _streams(out, err), _thread_errors(errors.errors):
        status = run(words)
    log.removeHandler(errors)
    return Outcome(words, status, _text(out), _text(err), errors.errors)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def _streams(out: io.TextIOWrapper, err: io.TextIOWrapper) -> Iterator[None]:
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = kept


@contextmanager
def _thread_errors(errors: list[str]) -> Iterator[None]:
    """Collect exceptions of threads, and those that Python ignores."""

    def in_thread(args: Any) -> None:
        errors.append("in a thread: " + _short_traceback(args.exc_value))

    def ignored(args: Any) -> None:
        errors.append(f"ignored in {args.object!r}: " + _short_traceback(args.exc_value))

    kept = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = in_thread, ignored
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = kept


def command_lines(case: Case, folder: Path) -> Iterator[list[str]]:
    """Yield the commands for an image, with options that the dice choose; they write below the folder only."""
    dice, image = case.dice, str(case.image)
    which = ["--image", "app:v1"] if dice.random() < 0.05 else []
    top = max(1, len(case.layers))
    yield ["layers", image, *which, *_maybe(dice, "--json")]
    yield ["tree", image, *which, "--json"]
    layer = dice.choice((1, top, dice.randrange(1, top + 1), 99))
    options = dice.choice(
        ([], ["--only", "added,removed"], ["--depth", "2"], ["--sort", "size"], ["--layer", str(layer)])
    )
    yield ["tree", image, *which, *options]
    yield ["why", image, *which, *dice.choice(([], ["--json"], ["--all"], ["--base", "1"]))]
    yield ["history", image, _some_path(case), *which, *_maybe(dice, "--json")]
    sides = dice.choice((["1", str(top)], ["0", "1"], ["1..99"], [image], ["1", str(top), "--own"]))
    yield ["diff", image, *sides, *dice.choice((["--json"], ["--stat"], ["--patch"], ["--exit-code"], ["--no-tui"]))]
    extras = [option for option in ("--devices", "--owner", "--setuid", "--force") if dice.random() < 0.2]
    path = "/" if dice.random() < 0.8 else _some_path(case)
    yield ["extract", image, path, "--to", str(folder / "out"), *which, *extras]
    form = dice.choice(("json", "junit", "sarif", "github", "markdown"))
    rules = folder / "rules.toml"
    rules.write_text(_RULES)
    yield [
        "check",
        image,
        *which,
        "--config",
        str(rules),
        *dice.choice(([], ["--format", form], ["--baseline", image])),
    ]
    ending = dice.choice((".html", ".md", ".csv"))
    yield ["report", image, *which, "-o", str(folder / f"report{ending}")]


def _maybe(dice: random.Random, option: str) -> list[str]:
    return [option] if dice.random() < 0.5 else []


def _some_path(case: Case) -> str:
    name = case.dice.choice([*case.names, b"etc/passwd", b"not/there"])
    return "/" + os.fsdecode(name.replace(b"\0", b"?").lstrip(b"./").rstrip(b"/"))[:3000]


def disagreements(case: Case) -> Iterator[str]:
    """Yield where `tree --json` and `layers --json` disagree with the oracle about a valid image."""
    layers = run_command(["layers", str(case.image), "--json"])
    if layers.status != 0:
        yield f"layers refuses a valid image: {layers.err[:500]}"
        return
    stated = json.loads(layers.out)["layers"]
    for number, rows in enumerate(expected_trees(case.layers), 1):
        outcome = run_command(["tree", str(case.image), "--json", "--layer", str(number)])
        if outcome.status != 0:
            yield f"tree --layer {number} refuses a valid image: {outcome.err[:500]}"
            return
        yield from _compare(number, rows, json.loads(outcome.out)["entries"])
        changes = [row.change for row in rows.values()]
        counts = {change: changes.count(change) for change in ("added", "modified", "removed")}
        if {change: stated[number - 1][change] for change in counts} != counts:
            yield f"layer {number}: layers --json says {stated[number - 1]}, the oracle counts {counts}"


def _compare(number: int, rows: dict[bytes, Row], entries: list[dict[str, Any]]) -> Iterator[str]:
    seen = {os.fsencode(entry["path"])[1:]: entry for entry in entries}
    for path in sorted(rows.keys() | seen.keys()):
        if path not in seen or path not in rows:
            yield f"layer {number}: {path!r} is only in {'the oracle' if path in rows else 'tree --json'}"
            continue
        row, entry = rows[path], seen[path]
        node = row.node
        expected = {
            "kind": node.kind,
            "mode": f"{node.mode:04o}",
            "uid": node.uid,
            "gid": node.gid,
            "link": None if node.link is None else node.link.decode("utf-8", "surrogateescape"),
            "change": row.change,
            "layer": node.layer,
        }
        if node.mtime is not None:
            expected["mtime"] = node.mtime
        if node.kind != "hardlink":
            expected["size"] = node.size
        differing = {key: (value, entry[key]) for key, value in expected.items() if entry[key] != value}
        if differing:
            yield f"layer {number}: {path!r}: (oracle, tree --json): {differing}"
