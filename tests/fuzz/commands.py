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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from layerscope.cli.main import run
from layerscope.errors import LayerscopeError
from layerscope.model.entries import Kind
from tests.fuzz.case import Case
from tests.oracle import State, items_of_tar, restacked

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_INTERNAL_ERROR = re.compile(r"internal error|mistake in layerscope itself|Traceback|Exception ignored")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that could steer a terminal; tables and messages must not contain them."""

_LONGEST_OUTPUT = 20_000_000
"""Bytes of output after which a command finds a broken pipe, because a few bytes can state a file of terabytes.

The output is kept in the memory that is measured, as bytes and as text.
"""

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
    is_cut: bool = False
    """True if there was more output than is kept."""

    def problems(self) -> Iterator[str]:
        """Yield what must not happen, whatever the image is."""
        yield from self.errors
        if _INTERNAL_ERROR.search(self.err) and not self.errors:
            yield f"internal error: {self.err[:500]}"
        if self.status not in (0, 1, 2):
            yield f"exit status {self.status}"
        # the table of verify has the message
        if self.status == 2 and not (self.err.strip() or (self.words[0] == "verify" and self.out)):
            yield "exit status 2 without a message"
        is_patch = "--patch" in self.words
        if self.status == 0 and not self.out and not is_patch and self.words[0] in ("layers", "why", "history"):
            yield "no output, no error"
        if _CONTROL.search(self.err):
            yield f"a control character in a message: {self.err[:300]!r}"
        if max(map(len, self.err.splitlines()), default=0) > 2000:
            yield f"a message of {len(self.err)} characters: {self.err[:300]!r}"
        yield from self._odd_output()

    def _odd_output(self) -> Iterator[str]:
        if "--json" not in self.words:
            if self.words[0] != "cat" and "--patch" not in self.words and _CONTROL.search(self.out):
                yield f"a control character in the output: {_around(_CONTROL, self.out)!r}"
        elif self.status != 2 and not self.is_cut:
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
    sinks = _Sink(), _Sink()
    out, err = (_text_stream(sink) for sink in sinks)
    with _streams(out, err), _thread_errors(errors.errors):
        status = run(words)
    log.removeHandler(errors)
    texts = [sink.data.decode("utf-8", "replace") for sink in sinks]
    return Outcome(words, status, texts[0], texts[1], errors.errors, sinks[0].is_cut)


class _Sink(io.BufferedIOBase):
    """An output in memory that is closed from the other side when there is too much, as ``head`` would."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()
        self.is_cut = False

    def writable(self) -> bool:
        """Return whether one can write."""
        return True

    def write(self, data: "Buffer") -> int:
        """Keep the data."""
        if len(self.data) > _LONGEST_OUTPUT:
            self.is_cut = True
            raise BrokenPipeError
        self.data += data
        return memoryview(data).nbytes

    def fileno(self) -> int:
        """Return a descriptor that the command may redirect after a broken pipe."""
        return _spare_descriptor()


def _text_stream(sink: _Sink) -> io.TextIOWrapper:
    # a sink has all that the wrapper of an output needs
    return io.TextIOWrapper(cast("io.BufferedWriter", sink), encoding="utf-8", errors="replace", newline="")


@cache
def _spare_descriptor() -> int:
    return os.open(os.devnull, os.O_WRONLY)


@contextmanager
def _streams(out: io.TextIOWrapper, err: io.TextIOWrapper) -> Iterator[None]:
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept
        for stream in (out, err):
            with suppress(BrokenPipeError):
                stream.flush()


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
    yield ["verify", image, *which, *_maybe(dice, "--json")]
    yield ["tree", image, *which, "--json"]
    layer = dice.choice((1, top, dice.randrange(1, top + 1), 99))
    options = dice.choice(
        ([], ["--only", "added,removed"], ["--depth", "2"], ["--sort", "size"], ["--layer", str(layer)])
    )
    yield ["tree", image, *which, *options]
    yield ["why", image, *which, *dice.choice(([], ["--json"], ["--all"], ["--base", "1"]))]
    file = folder / "Dockerfile"
    file.write_text(_dockerfile(dice))
    yield ["dockerfile", image, *which, "-f", str(file), *_maybe(dice, "--json")]
    yield ["why", image, *which, "--patch", "-f", str(file)]
    yield ["history", image, _some_path(case), *which, *_maybe(dice, "--json")]
    wanted = dice.choice(
        (
            ["e*"],
            ["--content", "a", "--binary"],
            ["a", "/b"],
            ["re:[a-c]$"],
            ["--size", "+1"],
            ["--only", "hidden"],
            ["--type", "link"],
        )
    )
    yield ["find", image, *wanted, *which, *_maybe(dice, "--json")]
    other = str(case.other)
    sides = dice.choice((["1", str(top)], ["0", "1"], ["1..99"], [image], [other], [other], ["1", str(top), "--own"]))
    yield ["diff", image, other, "--format", dice.choice(("markdown", "html"))]
    yield ["diff", image, *sides, *dice.choice((["--json"], ["--stat"], ["--patch"], ["--exit-code"], ["--no-tui"]))]
    yield ["cat", image, _some_path(case), *which]
    extras = [
        option
        for option in ("--devices", "--owner", "--setuid", "--xattrs", "--partial", "--force")
        if dice.random() < 0.3
    ]
    path = "/" if dice.random() < 0.8 else _some_path(case)
    yield ["extract", image, path, "--to", str(folder / "out"), *which, *extras]
    form = dice.choice(("json", "junit", "sarif", "github", "markdown"))
    rules = folder / dice.choice(("rules.toml", "rules.toml", "rules.toml", ".dive-ci", "x.dive-ci"))
    rules.write_text(_RULES if rules.suffix == ".toml" else _dive_rules(dice))
    yield [
        "check",
        image,
        *which,
        "--config",
        str(rules),
        *dice.choice(([], ["--format", form], ["--baseline", other])),
    ]
    ending = dice.choice((".html", ".md", ".csv"))
    yield ["report", image, *which, "-o", str(folder / f"report{ending}")]


def _dockerfile(dice: random.Random) -> str:
    """Return a Dockerfile with some of the steps that images have, or something like it."""
    lines = (
        "FROM scratch AS a",
        "FROM a",
        "FROM --platform=$BUILDPLATFORM debian:12",
        "ADD rootfs.tar /",
        "COPY . /srv",
        "COPY --from=a /x /y",
        "RUN apt-get update \\",
        "    && apt-get install -y nginx",
        "RUN <<EOF",
        "EOF",
        "RUN rm -rf /var/cache",
        "# comment \\",
        "# escape=`",
        'ENV A=1 B="${A:-x"',
        "ARG A",
        'CMD ["nginx", "-g"',
        "EXPOSE 80/tcp 443",
        "HEALTHCHECK --interval=5s CMD true",
        "ONBUILD RUN x",
        "\tRUN\t\x1b[31mx",
        "",
    )
    return "\n".join(dice.choices(lines, k=dice.randrange(12)))


def _dive_rules(dice: random.Random) -> str:
    """Return rules in dive's format, or something like it."""
    lines = (
        "rules:",
        "rules: {lowestEfficiency: 0.95}",
        "  lowestEfficiency: 0.95",
        "  lowestEfficiency: x # ratio",
        "  highestWastedBytes: 20MB",
        "  highestUserWastedPercent: 0.20",
        "  highestWastedBytes: 1e400",
        "  plug-in: {a: [b",
        "other: &a [*a, *a]",
        "- list",
        "\t: tab",
        '  "quoted": "\x1b[31m',
    )
    return "\n".join(["rules:", *(dice.choice(lines) for _ in range(dice.randrange(5)))]) + "\n"


def _maybe(dice: random.Random, option: str) -> list[str]:
    return [option] if dice.random() < 0.5 else []


def _some_path(case: Case) -> str:
    name = case.dice.choice([*case.names, b"etc/passwd", b"not/there"])
    return "/" + os.fsdecode(name.replace(b"\0", b"?").lstrip(b"./").rstrip(b"/"))[:3000]


def disagreements(case: Case, folder: Path) -> Iterator[str]:
    """Yield where `tree --json`, `layers --json` and `extract` disagree with the oracle about a valid image."""
    layers = run_command(["layers", str(case.image), "--json"])
    if layers.status != 0:
        yield f"layers refuses a valid image: {layers.err[:500]}"
        return
    stated = json.loads(layers.out)["layers"]
    read = [items_of_tar(layer) for layer in case.layers]
    states = restacked([each.items for each in read])
    for number, state in enumerate(states[1:], 1):
        outcome = run_command(["tree", str(case.image), "--json", "--layer", str(number)])
        if outcome.status != 0:
            yield f"tree --layer {number} refuses a valid image: {outcome.err[:500]}"
            return
        yield from _compare(number, states[number - 1], state, json.loads(outcome.out)["entries"])
        changes = [change.word for change in state.changes.values()]
        counts = {change: changes.count(change) for change in ("added", "modified", "removed")}
        if {change: stated[number - 1][change] for change in counts} != counts:
            yield f"layer {number}: layers --json says {stated[number - 1]}, the oracle counts {counts}"
    outcome = run_command(["extract", str(case.image), "/", "--partial", "--to", str(folder / "out")])
    final = states[-1]
    whole = all(path in final.files for path, entry in final.tree.items() if entry.kind is Kind.HARDLINK)
    if outcome.status == 0:
        yield from _compare_extracted(final, [each.contents for each in read], folder / "out")
    elif whole and any(entry.kind not in _DEVICES for entry in final.tree.values()):
        yield f"extract refuses a valid image: {outcome.err[:500]}"


_DEVICES = (Kind.CHAR, Kind.BLOCK)


def _compare_extracted(state: State, contents: list[dict[bytes, bytes]], out: Path) -> Iterator[str]:
    """Yield where a folder differs from the tree that was extracted into it; devices are not extracted."""
    expected = {path: entry for path, entry in state.tree.items() if entry.kind not in _DEVICES}
    for path, entry in sorted(expected.items()):
        target = out / os.fsdecode(path)
        file = entry if entry.kind is Kind.FILE else state.files.get(path)
        if entry.kind is Kind.HARDLINK and file is None:
            continue  # there may be nothing to write
        if not os.path.lexists(target):
            yield f"extract did not write {path!r}, a {entry.kind.word}"
        elif file is not None:
            content = contents[file.layer - 1][file.path]
            if (written := _content(target)) != content:
                yield f"extract wrote other bytes to {path!r}: {written!r:.80} in place of {content!r:.80}"
        elif entry.kind is Kind.SYMLINK:
            if not target.is_symlink() or os.fsencode(target.readlink()) != entry.link:
                yield f"extract did not make the symlink {path!r}"
        elif entry.kind is Kind.DIR and (target.is_symlink() or not target.is_dir()):
            yield f"extract did not make a folder of {path!r}"
    found = {os.fsencode(path.relative_to(out)) for path in out.rglob("*")}
    if more := sorted(found - expected.keys()):
        yield f"extract wrote {more[:5]!r}, which the image does not have"


def _content(path: Path) -> bytes | None:
    return None if path.is_symlink() or not path.is_file() else path.read_bytes()


def _compare(number: int, before: State, after: State, entries: list[dict[str, Any]]) -> Iterator[str]:
    seen = {os.fsencode(entry["path"])[1:]: entry for entry in entries}
    shown = before.shown | after.shown
    for path in sorted(shown.keys() | seen.keys()):
        if path not in seen or path not in shown:
            yield f"layer {number}: {path!r} is only in {'the oracle' if path in shown else 'tree --json'}"
            continue
        wanted, entry = shown[path], seen[path]
        root = "/" if wanted.kind is Kind.HARDLINK else ""
        expected = {
            "kind": wanted.kind.word,
            "mode": f"{wanted.mode:04o}",
            "uid": wanted.uid,
            "gid": wanted.gid,
            "link": None if wanted.link is None else root + wanted.link.decode("utf-8", "surrogateescape"),
            "change": after.change(path).word,
            "layer": wanted.layer,
            "size": wanted.size,
        }
        if wanted.row is not None:  # else nobody wrote it, and its mtime is free
            expected["mtime"] = wanted.mtime
        differing = {key: (value, entry[key]) for key, value in expected.items() if entry[key] != value}
        if differing:
            yield f"layer {number}: {path!r}: (oracle, tree --json): {differing}"
