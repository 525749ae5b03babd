"""Files that a later layer deletes, replaces or writes again: they are in the image all the same."""

import re
from collections.abc import Iterator, Mapping, Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.edits import continued, deletion
from layerscope.analysis.advice.held import DeadFiles, by_instruction, fix, layers_do, named_layers, named_paths
from layerscope.analysis.advice.package_caches import cache_subtrees
from layerscope.analysis.search.path_patterns import matching_subtrees
from layerscope.analysis.size.dead import DeadEntry, DeadReason
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tree_state import NodePaths
from layerscope.model.instruction import COPYING, keyword_of
from layerscope.text import human_size, plural

_VERBS = {DeadReason.DELETED: "delete", DeadReason.OPAQUE: "hide", DeadReason.REPLACED: "replace"}
_DONE = {DeadReason.DELETED: "deleted", DeadReason.OPAQUE: "hidden", DeadReason.REPLACED: "replaced"}
_NEEDS_NO_FILE = re.compile(r"(?:rm -\w*f\w* |mkdir |touch |echo |printf |true\b)[^;&|`$<]*")
"""A command that works the same whether or not files were deleted before it."""

_DELETE = "Delete them at the end of this RUN: files that a later layer deletes stay in the image."
_REPLACE = "Do not write them here: files that a later layer replaces stay in the image."
_MERGE = "Delete them at the end of the instructions that wrote them: deleting them in a later layer saves nothing."


def deleted_later(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on files that a later layer deleted or replaced, except for caches."""
    caches, path = cache_subtrees(evidence.tree.index), NodePaths(evidence.tree.index)
    entries = [entry for entry in evidence.unclaimed_dead(_VERBS) if entry.node not in caches]
    for group in by_instruction(evidence, entries):
        paths = [*map(path, _topmost(evidence.tree, group.entries))]
        is_unused = _is_unused(evidence, group)
        is_unused = _is_unused(evidence, group)
        yield evidence.advice(
            AdviceKind.DELETED_LATER,
            group.layer,
            group.files,
            cause=_cause(group, paths),
            text=_text(evidence, group),
            paths=paths,
            hidden_by=group.main_hiding_layer,
            edits=continued(group.layer, evidence.run(group.layer), deletion(paths)) if is_unused else (),
            is_unused=is_unused,
        )


def _cause(group: DeadFiles, paths: Sequence[bytes]) -> str:
    """Return the waste in a few words: ``deleted too late in layer 7: /src and 2 others``."""
    done = _word(_DONE, group.reasons, "hidden")
    if group.at_hiding_layer:
        return f"files of other layers, {done} too late"
    return f"{done} too late in {named_layers(group.hiding_layers)}: {named_paths(paths, len(paths))}"


def _is_unused(evidence: Evidence, group: DeadFiles) -> bool:
    """Return whether no instruction may have used the files of one layer before they were hidden."""
    return not group.at_hiding_layer and not any(
        _may_use_files(evidence.instructions.get(layer))
        for layer in evidence.tree.layers
        if group.layer < layer <= max(group.hiding_layers)
    )


def _may_use_files(instruction: str | None) -> bool:
    if keyword_of(instruction) in COPYING:
        return False
    commands = (instruction or "").removeprefix("RUN ").split(" && ")
    return not all(map(_NEEDS_NO_FILE.fullmatch, commands))


def _word(words: Mapping[DeadReason, str], reasons: set[DeadReason | None], several: str) -> str:
    """Return the word for the only reason, or that for several reasons."""
    return next((word for reason, word in words.items() if reasons == {reason}), several)


def _text(evidence: Evidence, group: DeadFiles) -> str:
    reasons, size = group.reasons, human_size(group.size)
    verb = _word(_VERBS, reasons, "hide")
    if group.at_hiding_layer:
        writers = layers_do(group.writers(evidence), "write")
        return f"This layer {verb}s {size} in files of other layers. {writers} them. {_MERGE}"
    remedy = _REPLACE if reasons == {DeadReason.REPLACED} else _DELETE
    return f"{layers_do(group.hiding_layers, verb)} {size} that this layer wrote. {fix(evidence, group.layer, remedy)}"


def _topmost(tree: LayeredTree, entries: Sequence[DeadEntry]) -> list[int]:
    """Return the topmost nodes that are gone, the largest first."""
    sizes: dict[int, int] = {}
    tops: dict[tuple[int, int], int] = {}
    for entry in entries:
        top = _top(tree, entry, tops)
        sizes[top] = sizes.get(top, 0) + entry.size
    return sorted(sizes, key=lambda node: (-sizes[node], node))


def _top(tree: LayeredTree, entry: DeadEntry, tops: dict[tuple[int, int], int]) -> int:
    """Return the topmost node that is gone; ``tops`` has those of folders by layer, 0 for a folder that stays."""
    layer = entry.hidden_by
    folder, gone = tree.index.parents[entry.node], list[int]()
    while (layer, folder) not in tops and not tree.is_present(folder, layer):
        gone.append(folder)
        folder = tree.index.parents[folder]
    top = tops.setdefault((layer, folder), 0)
    for above in reversed(gone):
        top = tops[layer, above] = top or above
    return top or entry.node


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

_REWRITTEN_VERBS = {DeadReason.OVERWRITTEN: "overwrite", DeadReason.IDENTICAL: "store"}
_ENDS = {
    DeadReason.OVERWRITTEN: "{size} in all. Write them once, in one instruction.",
    DeadReason.IDENTICAL: "a second time, {size} in all, although at most their modification times differ."
    " Do not copy or touch them again.",
}


def rewritten(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on files that a later layer wrote again, by whether the bytes changed."""
    index = evidence.tree.index
    caches, bookkeeping = cache_subtrees(index), matching_subtrees(index, _BOOKKEEPING)
    for reason in _REWRITTEN_VERBS:
        dead = evidence.unclaimed_dead({reason})
        entries = [entry for entry in dead if entry.node not in caches and entry.node not in bookkeeping]
        for group in by_instruction(evidence, entries):
            paths = [*dict.fromkeys(entry.path for entry in group.entries)]
            cause, text = _rewritten_cause(group, reason, paths), _rewritten_text(group, reason)
            yield evidence.advice(
                AdviceKind.REWRITTEN,
                group.layer,
                group.files,
                cause=cause,
                text=text,
                paths=paths,
                hidden_by=group.main_hiding_layer,
            )


def _rewritten_cause(group: DeadFiles, reason: DeadReason, paths: Sequence[bytes]) -> str:
    named = named_paths(paths, len(group.entries))
    done = "overwritten" if reason is DeadReason.OVERWRITTEN else "stored again unchanged"
    if group.at_hiding_layer:
        return f"{done} here: {named}"
    return f"{done} by {named_layers(group.hiding_layers)}: {named}"


def _rewritten_text(group: DeadFiles, reason: DeadReason) -> str:
    files, end = plural(len(group.entries), "file"), _ENDS[reason].format(size=human_size(group.size))
    comma = ", " if end[0].isdigit() else " "
    if group.at_hiding_layer:
        return f"This layer {_REWRITTEN_VERBS[reason]}s {files} of other layers{comma}{end}"
    return f"{layers_do(group.hiding_layers, _REWRITTEN_VERBS[reason])} {files} of this layer{comma}{end}"
