"""Files that a later layer writes again: with other bytes, or with the very same ones."""

from collections.abc import Iterator

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.package_caches import cache_areas
from layerscope.analysis.search.path_patterns import matching_subtrees
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.dead_reason import DeadReason
from layerscope.text import human_size, plural

_BOOKKEEPING = (
    "var/lib/dpkg",
    "var/lib/apt",
    "var/cache/debconf",
    "var/cache/ldconfig",
    "var/log",
    "etc/ld.so.cache",
    "lib/apk/db",
    "usr/lib/apk/db",
    "var/lib/rpm",
    "usr/lib/sysimage/rpm",
    "var/lib/dnf",
)
"""What every installation of a package writes anew: there is no advice to give on it."""

_TEXTS = {
    DeadReason.OVERWRITTEN: "Layer {hidden_by} writes {files} of this layer anew, {size} in all. Write them once, in"
    " one instruction, or leave them out here.",
    DeadReason.IDENTICAL: "Layer {hidden_by} stores {files} of this layer a second time, {size} in all, without any"
    " change but to a time stamp. Do not touch or copy them again there.",
}


def rewritten(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each pair of layers that wrote the same files, by whether the bytes changed."""
    groups: dict[tuple[int, int, DeadReason], list[DeadEntry]] = {}
    for entry, reason in _avoidable(evidence):
        groups.setdefault((entry.writer, entry.hidden_by, reason), []).append(entry)
    for (writer, hidden_by, reason), entries in groups.items():
        size = sum(entry.size for entry in entries)
        if evidence.matters(size):
            text = _TEXTS[reason].format(hidden_by=hidden_by, files=plural(len(entries), "file"), size=human_size(size))
            paths = (entry.path for entry in entries)
            yield evidence.advice(AdviceKind.REWRITTEN, writer, size, text, paths, hidden_by=hidden_by)


def _avoidable(evidence: Evidence) -> Iterator[tuple[DeadEntry, DeadReason]]:
    index = evidence.tree.index
    caches, bookkeeping = cache_areas(index), matching_subtrees(index, _BOOKKEEPING)
    for entry in evidence.dead.entries:
        if entry.reason in _TEXTS and entry.node not in caches and entry.node not in bookkeeping:
            yield entry, entry.reason
