"""The history lines that builders write for the instructions of a Dockerfile.

BuildKit and the classic builder write values after substitution, and the classic builder and podman a hash in place of
what is copied; podman writes everything else as it is in the Dockerfile. See dispatch functions in
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from posixpath import normpath
from typing import NamedTuple

from layerscope.analysis.dockerfile.parser import Dockerfile, Instruction
from layerscope.analysis.dockerfile.stages import SCRATCH, Stage, argument_values
from layerscope.analysis.dockerfile.variables import UNKNOWN, expand, split_words
from layerscope.model.instruction import COPYING, UNKNOWN_PORTS, instruction_of, keyword_of

WRITERS = COPYING | {"RUN"}
"""The instructions that write files; WORKDIR may create a folder."""

_MAY_BE_MISSING = frozenset({"ARG", "ONBUILD"})
"""BuildKit records no ONBUILD, and podman the name of the first ARG for each of them."""

_COPIED_HASH = re.compile(r"(COPY|ADD) (?:--\S+ )*(?:file|dir|multi):[0-9a-f]{12,64} in (.*)", re.DOTALL)
_HEREDOC_NAME = re.compile(r"<<-?[\"']?([^\s\"'<]+)[\"']?")
_OWNER_AND_MODE = ("--chown=", "--chmod=")
_DEFAULT_SHELL = ("/bin/sh", "-c")
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(\w+))?")
_MOST_PORTS = 256
"""Ports of a range that are listed one by one, as builders record them."""


class HistoryLine(NamedTuple):
    """A line of an image's history, and the number of the layer that it made, or None."""

    created_by: str | None
    layer: int | None
    comment: str | None = None


@dataclass(frozen=True)
class ExpectedStep:
    """An instruction, and the forms in which it may be in the history; `UNKNOWN` in a form matches any text."""

    instruction: Instruction
    stage: Stage
    forms: frozenset[str]

    @property
    def may_be_missing(self) -> bool:
        """True if some builders leave it out of the history."""
        return self.instruction.keyword in _MAY_BE_MISSING

    def fits(self, form: str) -> bool:
        return form in self.forms or any(_fits(pattern, form) for pattern in self.forms if UNKNOWN in pattern)


def recorded_form(created_by: str | None) -> str:
    """Return the form of a history line, in which what differs between equal instructions is left out."""
    instruction = instruction_of(created_by) or ""
    return _form(instruction if keyword_of(instruction) else f"RUN {instruction}")


def expected_steps(
    dockerfile: Dockerfile,
    chain: Sequence[Stage],
    environment: Mapping[str, str],
    given: Mapping[str, str],
    outer: Mapping[str, str],
) -> list[ExpectedStep]:
    """Return the steps that the stages should have made.

    ``environment`` is that of the finished image, ``given`` the build arguments that are known, and ``outer`` are those
    declared before the first FROM.
    """
    state = _BuildState(dockerfile.escape, chain, environment, given, outer)
    return [
        ExpectedStep(instruction, stage, frozenset(map(_form, state.written(instruction))))
        for stage in chain
        for instruction in stage.instructions[1:]
    ]


class _BuildState:
    """The variables, the shell and the working directory as a builder has them at each instruction."""

    def __init__(
        self,
        escape: str,
        chain: Sequence[Stage],
        environment: Mapping[str, str],
        given: Mapping[str, str],
        outer: Mapping[str, str],
    ) -> None:
        self._escape, self._given, self._outer = escape, given, outer
        own = {
            name
            for stage in chain
            for instruction in stage.instructions
            if instruction.keyword == "ENV"
            for name, _ in _pairs(instruction.arguments, escape)
        }
        starts_empty = chain[0].base == SCRATCH
        unknown = {} if starts_empty else dict.fromkeys(own & environment.keys(), UNKNOWN)
        self._environment = {name: value for name, value in environment.items() if name not in own} | unknown
        self._arguments: dict[str, str] = {}
        self._variables = ChainMap(self._environment, {"PATH": _DEFAULT_PATH}, self._arguments)
        self._shell = list(_DEFAULT_SHELL)
        self._workdir = "/" if starts_empty else UNKNOWN

    def written(self, instruction: Instruction) -> Iterator[str]:
        """Yield the history lines that builders write for the next instruction."""
        if instruction.keyword not in COPYING:
            yield f"{instruction.keyword} {' '.join(instruction.arguments.split())}"
        match instruction.keyword:
            case "RUN":
                yield from self._run(instruction)
            case "COPY" | "ADD":
                yield from self._copy(instruction)
            case "ENV" | "LABEL":
                yield self._assigned(instruction)
            case "ARG":
                yield self._argument(instruction)
            case "WORKDIR":
                self._workdir = self._joined(self._expanded(instruction.arguments))
                yield f"WORKDIR {self._workdir}"
            case "VOLUME" | "EXPOSE" | "USER" | "STOPSIGNAL":
                yield from self._listed(instruction)
            case "HEALTHCHECK":
                yield f"HEALTHCHECK {instruction.text}"
            case "CMD" | "ENTRYPOINT" | "SHELL":
                yield self._command(instruction)

    def _expanded(self, word: str) -> str:
        return expand(word, self._variables, self._escape)

    def _run(self, instruction: Instruction) -> Iterator[str]:
        command, shell = instruction.arguments, " ".join(self._shell)
        if instruction.words is not None:
            yield _recorded(f"RUN {' '.join(instruction.words)}")
        elif instruction.heredocs:
            only = _HEREDOC_NAME.fullmatch(command)
            documents = "".join(f"\n{heredoc.text}{heredoc.name}" for heredoc in instruction.heredocs)
            yield _recorded(f"RUN {shell} {instruction.heredocs[0].text if only else command + documents}")
            # podman leaves out the ends of heredocs
            contents = "".join(f"\n{heredoc.text}" for heredoc in instruction.heredocs)
            yield _recorded(f"RUN {shell} {command}{contents}")
        else:
            yield _recorded(f"RUN {shell} {command}")
            # podman writes the options, and after them the digest of what is mounted
            mounted = UNKNOWN if instruction.flag("mount") else ""
            yield _recorded(f"RUN {shell} {' '.join((*instruction.flags, command))}{mounted}")

    def _copy(self, instruction: Instruction) -> Iterator[str]:
        words = [self._expanded(word) for word in instruction.words or split_words(instruction.arguments, self._escape)]
        flags = [self._expanded(flag) for flag in instruction.flags if flag.startswith(_OWNER_AND_MODE)]
        yield " ".join([instruction.keyword, *flags, *words])
        # podman writes the destination as it is in the Dockerfile
        written = instruction.words or split_words(instruction.arguments, self._escape)
        for destination in {*words[-1:], *written[-1:]}:
            yield f"{instruction.keyword} file:{'0' * 12} in {destination}"

    def _listed(self, instruction: Instruction) -> Iterator[str]:
        words = instruction.words or split_words(instruction.arguments, self._escape)
        yield f"{instruction.keyword} {' '.join(map(self._expanded, words))}"
        if instruction.keyword == "EXPOSE":
            yield UNKNOWN_PORTS

    def _assigned(self, instruction: Instruction) -> str:
        pairs = [
            (self._expanded(name), self._expanded(value)) for name, value in _pairs(instruction.arguments, self._escape)
        ]
        if instruction.keyword == "ENV":
            self._environment |= dict(pairs)
        return f"{instruction.keyword} {' '.join(f'{name}={value}' for name, value in pairs)}"

    def _argument(self, instruction: Instruction) -> str:
        values = dict(argument_values(instruction, self._escape, self._given, self._variables, self._outer))
        self._arguments |= values
        names = [word.partition("=")[0] for word in split_words(instruction.arguments, self._escape)]
        return f"ARG {' '.join(f'{name}={values[name]}' if name in values else name for name in names)}"

    def _joined(self, path: str) -> str:
        """Return a working directory: BuildKit writes it as an absolute path."""
        return normpath(path if path.startswith("/") else f"{self._workdir}/{path}")

    def _command(self, instruction: Instruction) -> str:
        words = instruction.words
        if instruction.keyword == "SHELL" and words is not None:
            self._shell = words
        if words is None:
            words = [*self._shell, instruction.arguments]
        return _recorded(f"{instruction.keyword} [{' '.join(dumps(word, ensure_ascii=False) for word in words)}]")


def _recorded(created_by: str) -> str:
    return instruction_of(created_by) or ""


def _pairs(text: str, escape: str) -> list[tuple[str, str]]:
    """Return the names and values of an ENV or a LABEL; in its old form it has one, without ``=``."""
    words = split_words(text, escape)
    if words and "=" not in words[0]:
        name, *rest = text.split(None, 1)
        return [(name, rest[0] if rest else "")]
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def _form(instruction: str) -> str:
    keyword = keyword_of(instruction)
    rest = " ".join(instruction[len(keyword) :].split())
    if keyword in COPYING:
        return _copied_form(keyword, rest)
    if keyword == "EXPOSE":
        return f"{keyword} {' '.join(sorted(set(_ports(rest))))}"
    if keyword == "HEALTHCHECK":
        return f"{keyword} {_healthcheck_form(rest)}"
    return f"{keyword} {rest}"


def _copied_form(keyword: str, rest: str) -> str:
    hashed = _COPIED_HASH.fullmatch(f"{keyword} {rest}")
    if hashed is not None:
        return f"{keyword} in {hashed[2]}"
    words = rest.split(" ")
    flags = [word for word in words if word.startswith(_OWNER_AND_MODE)]
    names = [_HEREDOC_NAME.sub(r"<<\1", word) for word in words if not word.startswith("--")]
    return " ".join([keyword, *flags, *names])


def _ports(rest: str) -> Iterator[str]:
    for word in rest.split():
        match = _PORT.fullmatch(word)
        if match is None:
            yield word
            continue
        first, protocol = int(match[1]), (match[3] or "tcp").lower()
        ports = range(first, int(match[2] or first) + 1)
        yield from (f"{port}/{protocol}" for port in ports) if len(ports) <= _MOST_PORTS else (word,)


def _healthcheck_form(rest: str) -> str:
    words = rest.split(" ")
    flags = sorted(_seconds(word) for word in words if word.startswith("--"))
    return " ".join([*flags, *(word for word in words if not word.startswith("--"))])


def _seconds(flag: str) -> str:
    """Return an option of a health check with its time in seconds: Go writes ``5m0s`` for ``5m``."""
    name, _, value = flag.partition("=")
    parts = _DURATION.findall(value)
    return f"{name}={sum(float(number) * _SECONDS[unit] for number, unit in parts):g}s" if parts else flag


def _fits(pattern: str, form: str) -> bool:
    """Return whether a form is the pattern with some text in place of each unknown value."""
    first, *others = pattern.split(UNKNOWN)
    if not form.startswith(first) or len(form) < len(first) + len(others[-1]) or not form.endswith(others[-1]):
        return False
    at, end = len(first), len(form) - len(others[-1])
    for piece in others[:-1]:
        found = form.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end
