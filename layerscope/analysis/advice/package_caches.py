"""Caches that package managers leave in a layer, live or deleted too late."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.edits import Edits, continued, deletion, removed, replaced
from layerscope.analysis.advice.held import Held, fix, held
from layerscope.analysis.search.path_patterns import Subtrees, matching_subtrees, topmost_nodes
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.text import human_size

INSTALL = re.compile(r"\binstall\b")
CHANGE = re.compile(r"\b(?:install|upgrade|dist-upgrade|full-upgrade|build-dep)\b")
UPDATE = re.compile(r"\bupdate\b")
"""The verbs of apt that install, that need lists of packages, and that write these lists."""

_APT = re.compile(r"\b(?:apt-get|aptitude|apt)\b")
_SEPARATORS = re.compile(r"[;&|]+")


def apt_uses(instruction: str | None, verb: re.Pattern[str]) -> Iterator[str]:
    """Yield each use of apt with a verb, from the name of the program to the verb: ``apt-get -y install``."""
    for command in _SEPARATORS.split(instruction or ""):
        start = _APT.search(command)
        end = verb.search(command, start.end()) if start else None
        if start and end:
            yield command[start.start() : end.end()]


_APT_UPDATE_ALONE = re.compile(r"RUN apt(?:-get)?(?: -\S+)* update(?: -\S+)*")
_APT_CLEANUP = "rm -rf /var/lib/apt/lists/* /var/cache/apt/*"


def _apt_edits(evidence: Evidence, layer: int, paths: list[bytes]) -> Edits:  # noqa: ARG001  # the same folders always
    """Return the edits that delete the lists after their last use; none if several RUNs with more in them use them."""
    instruction, users = evidence.run(layer), list(_users_of_lists(evidence, layer))
    if instruction is None or not users:
        return continued(layer, instruction, _APT_CLEANUP)
    runs = {user: run for user in users if (run := evidence.run(user)) is not None}
    if not _APT_UPDATE_ALONE.fullmatch(instruction) or len(runs) < len(users):
        return ()
    update = instruction.removeprefix("RUN ")
    edits = removed(layer, instruction)
    for user, run in runs.items():
        edits += replaced(user, run, "RUN ", f"RUN {update} && ") + continued(user, run, _APT_CLEANUP)
    return edits


def _users_of_lists(evidence: Evidence, layer: int) -> Iterator[int]:
    """Yield the later layers that install packages with the lists that a layer left."""
    if not any(apt_uses(evidence.instructions.get(layer), UPDATE)):
        return
    for user in evidence.tree.layers:
        instruction = evidence.instructions.get(user)
        if user > layer and any(apt_uses(instruction, UPDATE)):
            return
        if user > layer and any(apt_uses(instruction, CHANGE)):
            yield user


def _clean(command: str, evidence: Evidence, layer: int, paths: list[bytes]) -> Edits:
    """Return the edit that adds a command at the end, or the deletion of the cache if its tool is not in the RUN."""
    run = evidence.run(layer)
    has_tool = run is not None and command.partition(" ")[0] in run.split()
    return continued(layer, run, command if has_tool else deletion(paths))


def _flag(command: str, flag: str, evidence: Evidence, layer: int, paths: list[bytes]) -> Edits:
    """Return the edit that adds a flag to the only use of a tool, or else the deletion of the cache."""
    run, tool = evidence.run(layer), command.partition(" ")[0]
    is_only_use = run is not None and len(re.findall(rf"\b{tool}\d*\b", run)) == 1
    added = replaced(layer, run, command, f"{command} {flag}") if is_only_use else ()
    return added or continued(layer, run, deletion(paths))


def _no_edits(evidence: Evidence, layer: int, paths: list[bytes]) -> Edits:  # noqa: ARG001  # of a stage of its own
    """Return nothing: later instructions may need the cache."""
    return ()


class _Cache(NamedTuple):
    """A cache: its name, the patterns of its folders, how a RUN avoids it, and the edits that say so exactly."""

    what: str
    patterns: tuple[str, ...]
    remedy: str
    edits: Callable[[Evidence, int, list[bytes]], Edits]


_MOUNT = "mount the cache: `RUN --mount=type=cache,target={}`"

_CACHES = (
    _Cache(
        "apt's lists and cache",
        ("var/lib/apt/lists", "var/cache/apt"),
        "Update and install in one RUN that ends with `rm -rf /var/lib/apt/lists/* /var/cache/apt/*`, or mount both as"
        " caches.",
        _apt_edits,
    ),
    _Cache(
        "apk's cache",
        ("var/cache/apk", "etc/apk/cache"),
        "Use `apk add --no-cache`, or " + _MOUNT.format("/var/cache/apk") + ".",
        partial(_flag, "apk add", "--no-cache"),
    ),
    _Cache(
        "dnf's or yum's cache",
        ("var/cache/dnf", "var/cache/yum", "var/cache/libdnf5"),
        "End this RUN with `&& dnf clean all`, or " + _MOUNT.format("/var/cache/dnf") + ".",
        partial(_clean, "dnf clean all"),
    ),
    _Cache(
        "pip's cache",
        ("**/.cache/pip",),
        "Use `pip install --no-cache-dir`, or " + _MOUNT.format("/root/.cache/pip") + ".",
        partial(_flag, "pip install", "--no-cache-dir"),
    ),
    _Cache(
        "uv's cache",
        ("**/.cache/uv",),
        "Use `uv --no-cache`, or " + _MOUNT.format("/root/.cache/uv") + ".",
        partial(_flag, "uv", "--no-cache"),
    ),
    _Cache(
        "npm's cache",
        ("**/.npm/_cacache", "**/.npm/_logs"),
        "End this RUN with `&& npm cache clean --force`, or " + _MOUNT.format("/root/.npm") + ".",
        partial(_clean, "npm cache clean --force"),
    ),
    _Cache(
        "Yarn's cache",
        ("**/.cache/yarn", "**/.yarn/berry/cache"),
        "End this RUN with `&& yarn cache clean`, or " + _MOUNT.format("/root/.cache/yarn") + ".",
        partial(_clean, "yarn cache clean"),
    ),
    _Cache(
        "cargo's registry",
        ("**/.cargo/registry", "**/.cargo/git", "usr/local/cargo/registry", "usr/local/cargo/git"),
        "Build in a stage of its own and copy the result, or " + _MOUNT.format("/usr/local/cargo/registry") + ".",
        _no_edits,
    ),
    _Cache(
        "Go's build and module caches",
        ("**/.cache/go-build", "**/go/pkg/mod"),
        "Build in a stage of its own and copy the result, or " + _MOUNT.format("/go/pkg/mod") + ".",
        _no_edits,
    ),
)


def cache_subtrees(index: PathIndex) -> Subtrees:
    """Return the folders in which package managers keep their caches."""
    return matching_subtrees(index, [pattern for cache in _CACHES for pattern in cache.patterns])


def package_caches(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on each cache by layer: its live and its dead bytes are one waste with one remedy."""
    for cache in _CACHES:
        for layer, waste in held(evidence, topmost_nodes(evidence.tree.index, cache.patterns)).items():
            text = f"{_sentence(cache, waste)} {fix(evidence, layer, cache.remedy)}"
            paths, kind = waste.paths(evidence.tree.index), AdviceKind.PACKAGE_CACHE
            edits, cause = cache.edits(evidence, layer, paths), _cause(cache, waste)
            yield evidence.advice(
                kind, layer, waste.files, cause=cause, text=text, paths=paths, hidden_by=waste.hidden_by, edits=edits
            )


def _cause(cache: _Cache, waste: Held) -> str:
    if not waste.dead:
        return cache.what
    if not waste.live:
        return f"{cache.what}, deleted too late in layer {waste.hidden_by}"
    return f"{cache.what}, {human_size(waste.dead)} of them dead"


def _sentence(cache: _Cache, waste: Held) -> str:
    size = human_size(waste.size)
    if not waste.dead:
        return f"{size} of {cache.what} stay in this layer."
    if not waste.live:
        return f"{size} of {cache.what} come from this layer; layer {waste.hidden_by} hides them too late."
    return f"{size} of {cache.what} come from this layer, {human_size(waste.dead)} of them dead."
