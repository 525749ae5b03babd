"""Files that a later layer writes again: with other bytes, or with the same ones."""

from collections.abc import Iterator, Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.by_instruction import DeadFiles, by_instruction
from layerscope.analysis.advice.fix import layers_do, named_layers, named_paths
from layerscope.analysis.advice.package_caches import cache_subtrees
from layerscope.analysis.search.path_patterns import matching_subtrees
from layerscope.analysis.size.dead import DeadReason
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
"""Files that every installation of a package rewrites: no instruction can avoid that."""

_VERBS = {DeadReason.OVERWRITTEN: "overwrite", DeadReason.IDENTICAL: "store"}
_ENDS = {
    DeadReason.OVERWRITTEN: "{size} in all. Write them once, in one instruction.",
    DeadReason.IDENTICAL: "a second time, {size} in all, although at most their modification times differ."
    " Do not copy or touch them again.",
}


def rewritten(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on files that a later layer wrote again, by whether the bytes changed."""
    index = evidence.tree.index
    caches, bookkeeping = cache_subtrees(index), matching_subtrees(index, _BOOKKEEPING)
    for reason in _VERBS:
        dead = evidence.unclaimed_dead({reason})
        entries = [entry for entry in dead if entry.node not in caches and entry.node not in bookkeeping]
        for group in by_instruction(evidence, entries):
            paths = [*dict.fromkeys(entry.path for entry in group.entries)]
            cause, text = _cause(group, reason, paths), _text(group, reason)
            yield evidence.advice(
                AdviceKind.REWRITTEN,
                group.layer,
                group.files,
                cause=cause,
                text=text,
                paths=paths,
                hidden_by=group.main_hiding_layer,
            )


def _cause(group: DeadFiles, reason: DeadReason, paths: Sequence[bytes]) -> str:
    named = named_paths(paths, len(group.entries))
    done = "overwritten" if reason is DeadReason.OVERWRITTEN else "stored again unchanged"
    if group.at_hiding_layer:
        return f"{done} here: {named}"
    return f"{done} by {named_layers(group.hiding_layers)}: {named}"


def _text(group: DeadFiles, reason: DeadReason) -> str:
    files, end = plural(len(group.entries), "file"), _ENDS[reason].format(size=human_size(group.size))
    comma = ", " if end[0].isdigit() else " "
    if group.at_hiding_layer:
        return f"This layer {_VERBS[reason]}s {files} of other layers{comma}{end}"
    return f"{layers_do(group.hiding_layers, _VERBS[reason])} {files} of this layer{comma}{end}"
