"""A Dockerfile written from the history of an image, which has most of its instructions and none of its context.

What cannot be known is a comment, so that what is left builds. Builders record values after substitution, except for
podman, which records the instructions as they are.
"""

import re
from collections.abc import Iterator, Sequence
from json import dumps

from layerscope.analysis.dockerfile.history_forms import HistoryLine
from layerscope.analysis.dockerfile.parser import parse_dockerfile
from layerscope.analysis.dockerfile.placed import PlacedBy, PlacedDockerfile, recorded_arguments
from layerscope.analysis.dockerfile.stages import SCRATCH, stages_of, target_stage
from layerscope.analysis.size.base_image import BaseImage
from layerscope.model.instruction import COPYING, UNKNOWN_PORTS, instruction_of, keyword_of

_AND = re.compile(r"\s+&&\s+")
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""", re.DOTALL)
_ASSIGNED = re.compile(r"(?:^|\s)([A-Za-z_][\w./-]*)=")
_PLAIN = re.compile(r"[\w@%+:,./-]*")
_UNNAMED = re.compile(r"(?:file|dir|multi):[0-9a-f]+ in ")
_PODMAN_BASE = "FROM "
"""The comment of the first step on a base, by podman and buildah."""


def reconstructed(
    steps: Sequence[HistoryLine], names: Sequence[str], ports: Sequence[str], base: BaseImage | None
) -> PlacedDockerfile:
    """Return a Dockerfile with the steps of a history, each at the line that stands for it.

    ``names`` are those of all environment variables and labels in the config, ``ports`` those that it exposes. The
    layers of a ``base`` whose name and end are known are at the FROM.
    """
    writer = _Writer(steps, names, ports)
    writer.begin(base or _podman_base(steps))
    for step in writer.own_steps:
        writer.write(step)
    dockerfile = parse_dockerfile("\n".join(writer.lines))
    stages = stages_of(dockerfile, {})
    return PlacedDockerfile(
        PlacedBy.RECONSTRUCTED,
        dockerfile,
        stages,
        target_stage(stages, None).chain,
        writer.layers,
        len(writer.own_steps),
        len(writer.own_steps),
        writer.base,
    )


def _podman_base(steps: Sequence[HistoryLine]) -> BaseImage | None:
    """Return the base image that podman names at the first step on it."""
    for at, step in enumerate(steps):
        if (step.comment or "").startswith(_PODMAN_BASE):
            layers = [below.layer for below in steps[:at] if below.layer]
            return BaseImage((step.comment or "").removeprefix(_PODMAN_BASE), None, len(layers))
    return None


class _Writer:
    """The ``lines`` of a Dockerfile, and the ``layers`` that they made."""

    def __init__(self, steps: Sequence[HistoryLine], names: Sequence[str], ports: Sequence[str]) -> None:
        self.lines: list[str] = []
        self.layers: dict[int, tuple[int, ...]] = {}
        self.own_steps = steps
        self.base: str | None = None
        self._names, self._ports = frozenset(names), ports
        self._is_expanded = not any((step.comment or "").startswith(_PODMAN_BASE) for step in steps)
        arguments = [line for step in steps if keyword_of(line := instruction_of(step.created_by)) == "ARG" and line]
        self._arguments = dict(recorded_arguments(parse_dockerfile("\n".join(arguments)), steps))

    def begin(self, base: BaseImage | None) -> None:
        """Write the FROM, and leave the steps of the base out."""
        if base is None or base.name is None or base.name == SCRATCH:
            self._add(f"FROM {SCRATCH}", ())
            return
        if base.layers is None:
            self._say(f"Built on {base.name}; the image does not say where that ends.")
            self._add(f"FROM {SCRATCH}", ())
            return
        self.base = base.name if base.digest is None or "@" in base.name else f"{base.name}@{base.digest}"
        end = next((at for at, step in enumerate(self.own_steps, 1) if step.layer == base.layers), 0)
        own = (at for at, step in enumerate(self.own_steps) if (step.comment or "").startswith(_PODMAN_BASE))
        self._add(f"FROM {self.base}", tuple(range(1, base.layers + 1)))
        self.own_steps = self.own_steps[next(own, end) :]

    def write(self, step: HistoryLine) -> None:
        """Write an instruction, or the comment that stands for it."""
        instruction = instruction_of(step.created_by, is_joined=False)
        layers = (step.layer,) if step.layer else ()
        keyword = keyword_of(instruction)
        if instruction is None or not keyword:
            made = f"layer {step.layer}, not by an instruction: " if layers else ""
            self._say(f"{made}{instruction or step.comment or '(nothing is recorded)'}", layers)
            return
        rest = instruction.removeprefix(keyword).strip()
        if keyword == "RUN":
            self._add(_run(rest), layers)
        elif keyword in COPYING:
            self._copy(keyword, rest, layers)
        else:
            self._add(f"{keyword} {self._setting(keyword, rest)}".strip(), layers)

    def _copy(self, keyword: str, rest: str, layers: tuple[int, ...]) -> None:
        if _UNNAMED.search(rest) or "<<" in rest:
            self._say(f"The history does not name what is copied: {keyword} {rest}", layers)
            return
        words = [word for word in rest.split() if not word.startswith("--")]
        if keyword == "COPY" and words and words[0].startswith("/"):
            self._say("Perhaps from another stage or image: the history does not record --from.")
        self._add(f"{keyword} {self._escaped(rest)}", layers)

    def _setting(self, keyword: str, rest: str) -> str:
        if f"{keyword} {rest}" == UNKNOWN_PORTS:
            return " ".join(self._ports)
        if keyword == "ARG":
            name = rest.partition("=")[0]
            return f"{name}={_quoted(self._arguments[name])}" if name in self._arguments else rest
        if keyword in {"ENV", "LABEL"} and self._is_expanded:
            return " ".join(f"{name}={_quoted(value)}" for name, value in self._assignments(rest)) or rest
        return rest if keyword in {"CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL"} else self._escaped(rest)

    def _assignments(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield what an ENV or a LABEL sets: its values are recorded without quotes, and may have spaces."""
        starts = [match for match in _ASSIGNED.finditer(text) if match.start() == 0 or match[1] in self._names]
        for match, end in zip(starts, [*(match.start() for match in starts[1:]), len(text)], strict=True):
            yield match[1], text[match.end() : end]

    def _escaped(self, text: str) -> str:
        return text.replace("$", r"\$") if self._is_expanded else text

    def _say(self, text: str, layers: tuple[int, ...] = ()) -> None:
        self._add(f"# {' '.join(text.split())}", layers)

    def _add(self, text: str, layers: tuple[int, ...]) -> None:
        self.layers[len(self.lines) + 1] = layers
        self.lines += text.split("\n")


def _run(command: str) -> str:
    """Return a RUN, a command on each line."""
    if "\n" in command:
        end = "EOF"
        while end in command.split("\n"):
            end += "_"
        return f"RUN <<{end}\n{command}\n{end}"
    quoted = [match.span() for match in _QUOTED.finditer(command)]
    pieces, start = [], 0
    for match in _AND.finditer(command):
        if not any(first < match.start() < last for first, last in quoted):
            pieces.append(command[start : match.start()])
            start = match.end()
    return " \\\n    && ".join([f"RUN {pieces[0]}", *pieces[1:], command[start:]] if pieces else [f"RUN {command}"])


def _quoted(value: str) -> str:
    """Return a value as one word of a Dockerfile, in which nothing is expanded."""
    if _PLAIN.fullmatch(value):
        return value
    return dumps(value, ensure_ascii=False).replace("$", r"\$") if value.isprintable() else f"'{value}'"
