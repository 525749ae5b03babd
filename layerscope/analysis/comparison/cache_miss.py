"""The first step of a build that was not in the cache, and why: what differs from the image that had the tag before."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from layerscope.analysis.comparison.layer_alignment import (
    AlignedStep,
    BuildStep,
    Relation,
    align,
    comparable_instruction,
)
from layerscope.analysis.dockerfile.variables import used_values, variable_names
from layerscope.model.build_report import CacheMiss, MissCause, ReportedStep
from layerscope.model.instruction import COPYING, keyword_of
from layerscope.text import plural, printable_line, printable_name, shortened

_SEEN_BY_RUN = frozenset({"ARG", "ENV", "SHELL", "USER", "WORKDIR"})
_BUILDKIT = "# buildkit"
"""The end of the history lines of BuildKit's steps."""

_MOST_NAMED = 5
_LONGEST = 80
_ARGUMENTS = re.compile(r"(?:RUN )?\|\d+ (.*)", re.DOTALL)
_OPTIONS = re.compile(r"(?<= )(?:--\S+ )+")
_HASH = re.compile(r"(?:file|dir|multi):[0-9a-f]{12,64}$|in$")
_COPIED_HASH = re.compile(r"\b(?:file|dir|multi):[0-9a-f]{12,64} in ")
_ASSIGNMENT = re.compile(r"(?:^|\s)([A-Za-z_]\w*)=(\S*)")


class CopiedFile(NamedTuple):
    """A file that a step copied: what its entry states but for the time, and its digest; None if that is unknown."""

    facts: tuple[object, ...]
    digest: bytes | None
    mtime: float

    def equals(self, other: "CopiedFile") -> bool:
        """Return whether both are the same; where a digest is unknown, the time decides."""
        if self.digest is None or other.digest is None:
            return (self.facts, self.mtime) == (other.facts, other.mtime)
        return (self.facts, self.digest) == (other.facts, other.digest)


Files = Mapping[bytes, CopiedFile]
"""The files of a layer by path."""


class BuiltSteps(NamedTuple):
    """The steps of an image, the history line of each, and the files of those layers that copied some."""

    steps: Sequence[BuildStep]
    created_by: Sequence[str | None]
    files: Mapping[int, Files]


class WrittenInstruction(NamedTuple):
    """An instruction as the Dockerfile has it: without its options, with the names of variables.

    ``build_arguments`` are the names that the Dockerfile declares; ``changed_arguments`` are sentences, by name, about
    those that had another value in the previous build, None if its values are not known.
    """

    text: str
    build_arguments: Collection[str]
    changed_arguments: Mapping[str, str] | None = None


def first_miss(
    reported: Sequence[ReportedStep],
    new: BuiltSteps,
    old: BuiltSteps | None,
    written: Mapping[int, WrittenInstruction],
) -> CacheMiss | None:
    """Return the first own step that was not in the cache, with the reason, or None if all were.

    ``old`` is the image that had the tag before, None if there was none; ``written`` are the instructions by layer,
    where they are known.
    """
    missed = next((step for step in reported if step.is_cached is False and not step.is_base), None)
    if missed is None:
        return None
    if old is None:
        return CacheMiss(missed, MissCause.FIRST_BUILD, "no image had the tag before")
    base = [step.layer for step in reported if step.is_base]
    if base and not _same_base(base, new.steps, old.steps):
        return CacheMiss(missed, MissCause.BASE, "the base image changed")
    hits = {step.layer for step in reported if step.is_cached}
    steps = [each for step in align(old.steps, new.steps).steps for each in _by_instruction(step, hits)]
    at = next((at for at, step in enumerate(steps) if step.new_layer == missed.layer), None)
    if at is None:
        return CacheMiss(missed, MissCause.UNKNOWN, "the reason is not known")
    causes = _causes(steps[: at + 1], hits, is_buildkit=_is_of_buildkit(new, missed.layer))
    return _explained(_MissedStep(missed, steps[at], written.get(missed.layer)), causes, new, old)


def _by_instruction(step: AlignedStep, hits: Collection[int]) -> Iterator[AlignedStep]:
    """Yield a step; as two if another instruction, which the cache did not know, made the same layer again."""
    is_known = step.new_layer in hits or not all(side and side.instruction for side in (step.old, step.new))
    if step.old and step.new and not is_known and comparable_instruction(step.old) != comparable_instruction(step.new):
        yield AlignedStep(step.old, None, Relation.ONLY_OLD)
        yield AlignedStep(None, step.new, Relation.ONLY_NEW)
    else:
        yield step


def _same_base(base: Sequence[int], new: Sequence[BuildStep], old: Sequence[BuildStep]) -> bool:
    """Return whether the layers of the base are the first ones of the old image, too."""
    digests = [step.diff_id for step in new if step.layer in base]
    return digests == [step.diff_id for step in old if step.layer][: len(digests)]


class _MissedStep(NamedTuple):
    """The step that missed: as it is reported, as both images have it, and as the Dockerfile has it."""

    reported: ReportedStep
    aligned: AlignedStep
    written: WrittenInstruction | None

    @property
    def copying(self) -> str:
        """The instruction with the names of what it copies, as far as it is known."""
        title, written = self.aligned.title, self.written.text if self.written else ""
        return written if written and _COPIED_HASH.search(title) and not variable_names(written) else title

    def because(self, cause: MissCause, detail: str, files: tuple[str, ...] = ()) -> CacheMiss:
        return CacheMiss(self.reported, cause, detail, files)


class _Causes(NamedTuple):
    """The instructions up to a miss that only one image has, and that can have caused it.

    ``since_hit`` are those after the last step that came from the cache, ``earlier`` those before it.
    """

    since_hit: Sequence[AlignedStep]
    earlier: Sequence[AlignedStep]


def _causes(steps: Sequence[AlignedStep], hits: Collection[int], *, is_buildkit: bool) -> _Causes:
    """Return the possible causes among aligned steps, the last of which missed."""
    last_hit = max((at for at, step in enumerate(steps) if step.new_layer in hits), default=-1)
    changed = [
        (at, step)
        for at, step in enumerate(steps)
        if step.relation in {Relation.ONLY_NEW, Relation.ONLY_OLD}
        and (not is_buildkit or _matters_to_buildkit(step, steps[-1]))
    ]
    return _Causes([step for at, step in changed if at > last_hit], [step for at, step in changed if at <= last_hit])


def _matters_to_buildkit(step: AlignedStep, missed: AlignedStep) -> bool:
    """Return whether BuildKit builds a step again because of another one: labels, for instance, change none."""
    makes_layer = bool(step.new_layer or step.old_layer)
    return makes_layer or (keyword_of(missed.title) == "RUN" and keyword_of(step.title) in _SEEN_BY_RUN)


def _is_of_buildkit(image: BuiltSteps, layer: int) -> bool:
    """Return whether BuildKit made a layer; the classic builder and podman build all that follows a change."""
    at = next(at for at, step in enumerate(image.steps) if step.layer == layer)
    return (image.created_by[at] or "").endswith(_BUILDKIT)


def _explained(missed: _MissedStep, causes: _Causes, new: BuiltSteps, old: BuiltSteps) -> CacheMiss:
    """Return the reason for the miss of a step."""
    argument = next(_changed_arguments(missed.aligned, new, old), None)
    if argument is not None:
        return missed.because(MissCause.ARGUMENT, argument)
    if causes.since_hit:
        return _explained_by_instruction(missed, causes.since_hit)
    by_files = _explained_by_files(missed, new, old)
    if by_files is not None:
        return by_files
    if causes.earlier:
        # what came from the cache was built before the image that is compared with
        return _explained_by_instruction(missed, causes.earlier)
    return missed.because(
        MissCause.NOTHING_DIFFERS, "nothing differs: the cache was evicted, or belongs to another builder"
    )


def _explained_by_instruction(missed: _MissedStep, changed: Sequence[AlignedStep]) -> CacheMiss:
    """Return the reason for the miss of a step before which, or in which, instructions changed."""
    argument = next(_arguments_expanded(missed, changed), None)
    if argument is not None:
        return missed.because(MissCause.ARGUMENT, argument)
    cause = MissCause.ARGUMENT if keyword_of(changed[0].title) == "ARG" else MissCause.INSTRUCTION
    return missed.because(cause, _became(changed))


def _explained_by_files(missed: _MissedStep, new: BuiltSteps, old: BuiltSteps) -> CacheMiss | None:
    """Return the reason for the miss of a step that is recorded as it was before; None if nothing differs."""
    step, written = missed.aligned, missed.written
    files = _changed_files(missed, new, old)
    # the classic builder and podman record neither the names that were copied nor the values of arguments in them
    arguments = _Arguments(written) if written and _COPIED_HASH.search(step.title) else None
    if arguments is not None and arguments.change is not None:
        return missed.because(MissCause.ARGUMENT, arguments.change)
    if files:
        doubt = arguments.doubt if arguments else ""
        return missed.because(MissCause.FILES, f"{_files_sentence(files)}{doubt}", files)
    if keyword_of(step.title) in COPYING and step.old_layer not in old.files:
        return missed.because(MissCause.UNKNOWN, "the files of the previous image were not known")
    return None


class _Arguments:
    """The build arguments that an instruction uses: ``COPY page-$V /``."""

    def __init__(self, written: WrittenInstruction) -> None:
        self._used = [name for name in variable_names(written.text) if name in written.build_arguments]
        self._changed = written.changed_arguments

    @property
    def change(self) -> str | None:
        """The first one that changed, in words; None if none has, or that is not known."""
        changed = self._changed or {}
        return next((changed[name] for name in self._used if name in changed), None)

    @property
    def doubt(self) -> str:
        """The other possible reason for changed files, empty if there is none."""
        return (
            f", or argument {self._used[0]} did: its value was not recorded"
            if self._used and self._changed is None
            else ""
        )


def _changed_arguments(step: AlignedStep, new: BuiltSteps, old: BuiltSteps) -> Iterator[str]:
    """Yield the build arguments of a step whose values differ."""
    if step.old is None or step.new is None:
        return
    before = dict(_arguments(old.created_by[list(old.steps).index(step.old)]))
    after = dict(_arguments(new.created_by[list(new.steps).index(step.new)]))
    yield from _changed_values(before, after)


def _changed_values(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield f"argument {name} changed from {shown_value(before.get(name))} to {shown_value(after.get(name))}"


def _arguments_expanded(missed: _MissedStep, changed: Sequence[AlignedStep]) -> Iterator[str]:
    """Yield the build arguments whose values differ, if nothing else made another instruction of a step.

    BuildKit records a COPY with the values, and the ARG with its default.
    """
    written, relations = missed.written, [one.relation for one in changed]
    if written is None or relations != [Relation.ONLY_OLD, Relation.ONLY_NEW] or changed[-1] is not missed.aligned:
        return
    before, after = (used_values(written.text, _OPTIONS.sub("", one.title, count=1)) for one in changed)
    old_options, new_options = (_OPTIONS.findall(one.title)[:1] for one in changed)
    names = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    if old_options == new_options and before.keys() == after.keys() and names <= set(written.build_arguments):
        yield from _changed_values(before, after)


def _arguments(created_by: str | None) -> list[tuple[str, str]]:
    match = _ARGUMENTS.match(created_by or "")
    return _ASSIGNMENT.findall(match[1]) if match else []


def shown_value(value: str | None) -> str:
    """Return the value of a build argument, safe for a screen."""
    return printable_line(value)[:_LONGEST] if value else "nothing"


def _became(changed: Sequence[AlignedStep]) -> str:
    """Return what happened to the first instruction: new, removed, or changed from another one."""
    gone = next((one for one in changed if one.relation is Relation.ONLY_OLD), None)
    come = next((one for one in changed if one.relation is Relation.ONLY_NEW), None)
    if gone is not None and come is not None:
        return f"{_short(gone.title)} became {_short(come.title)}"
    return f"{_short(changed[0].title)} {'was added' if come is not None else 'was removed'}"


def _short(title: str) -> str:
    return shortened(printable_line(title), _LONGEST)


def _changed_files(missed: _MissedStep, new: BuiltSteps, old: BuiltSteps) -> tuple[str, ...]:
    """Return the names, in the context, of the files that a copying step wrote differently."""
    step = missed.aligned
    before, after = old.files.get(step.old_layer or 0), new.files.get(step.new_layer or 0)
    if before is None or after is None:
        return ()
    common = [path for path in before if path in after and before[path].equals(after[path])]
    paths = sorted({*before, *after} - set(common))
    return tuple(dict.fromkeys(context_name(path, missed.copying) for path in paths))


def context_name(path: bytes, instruction: str) -> str:
    """Return the name that a copied file has in the context, as far as the instruction tells: ``page.html``."""
    *sources, destination = [word for word in instruction.split()[1:] if not word.startswith("--")] or [""]
    name, folder = path.decode("utf-8", "surrogateescape"), destination.strip("/")
    copied = [source.removeprefix("./") for source in sources if not _HASH.match(source)]
    same = [source for source in copied if source.rpartition("/")[2] == name.rpartition("/")[2]]
    if same or (name == folder and copied):
        return (same or copied)[0]
    if not destination.startswith("/") or not name.startswith(f"{folder}/" if folder else ""):
        return name
    inside = name[len(folder) :].lstrip("/")
    is_folder = len(copied) == 1 and copied[0].strip("./")
    return f"{copied[0].strip('/')}/{inside}" if is_folder else inside


def _files_sentence(files: Sequence[str]) -> str:
    names = [printable_name(name) for name in files[:_MOST_NAMED]]
    more = len(files) - len(names)
    others = f" and {plural(more, 'other file')}" if more else ""
    return f"{', '.join(names)}{others} changed"
