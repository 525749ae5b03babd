"""Caches that package managers leave in a layer, live or deleted too late."""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.fix import fix
from layerscope.analysis.advice.held import Held, held
from layerscope.analysis.search.path_patterns import Subtrees, matching_subtrees, topmost_nodes
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.text import human_size


class _Cache(NamedTuple):
    """A cache: its name, the patterns of its folders, and how a RUN avoids it."""

    what: str
    patterns: tuple[str, ...]
    remedy: str


_MOUNT = "mount the cache: `RUN --mount=type=cache,target={}`"

_CACHES = (
    _Cache(
        "apt's package lists and cache",
        ("var/lib/apt/lists", "var/cache/apt"),
        "Update and install in one RUN that ends with `rm -rf /var/lib/apt/lists/* /var/cache/apt/*`, or mount both as"
        " caches.",
    ),
    _Cache(
        "apk's cache",
        ("var/cache/apk", "etc/apk/cache"),
        "Use `apk add --no-cache`, or " + _MOUNT.format("/var/cache/apk") + ".",
    ),
    _Cache(
        "dnf's or yum's cache",
        ("var/cache/dnf", "var/cache/yum", "var/cache/libdnf5"),
        "End this RUN with `&& dnf clean all`, or " + _MOUNT.format("/var/cache/dnf") + ".",
    ),
    _Cache(
        "pip's cache",
        ("**/.cache/pip",),
        "Use `pip install --no-cache-dir`, or " + _MOUNT.format("/root/.cache/pip") + ".",
    ),
    _Cache("uv's cache", ("**/.cache/uv",), "Use `uv --no-cache`, or " + _MOUNT.format("/root/.cache/uv") + "."),
    _Cache(
        "npm's cache",
        ("**/.npm/_cacache", "**/.npm/_logs"),
        "End this RUN with `&& npm cache clean --force`, or " + _MOUNT.format("/root/.npm") + ".",
    ),
    _Cache(
        "Yarn's cache",
        ("**/.cache/yarn", "**/.yarn/berry/cache"),
        "End this RUN with `&& yarn cache clean`, or " + _MOUNT.format("/root/.cache/yarn") + ".",
    ),
    _Cache(
        "cargo's registry",
        ("**/.cargo/registry", "**/.cargo/git", "usr/local/cargo/registry", "usr/local/cargo/git"),
        "Build in a stage of its own and copy the result, or " + _MOUNT.format("/usr/local/cargo/registry") + ".",
    ),
    _Cache(
        "Go's build and module caches",
        ("**/.cache/go-build", "**/go/pkg/mod"),
        "Build in a stage of its own and copy the result, or " + _MOUNT.format("/go/pkg/mod") + ".",
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
            yield evidence.advice(kind, layer, waste.files, text, paths, hidden_by=waste.hidden_by)


def _sentence(cache: _Cache, waste: Held) -> str:
    size = human_size(waste.size)
    if not waste.dead:
        return f"{size} of {cache.what} stay in this layer."
    if not waste.live:
        return f"{size} of {cache.what} come from this layer; layer {waste.hidden_by} hides them too late."
    return f"{size} of {cache.what} come from this layer, {human_size(waste.dead)} of them dead."
