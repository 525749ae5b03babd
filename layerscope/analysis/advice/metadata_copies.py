"""Files that a later chmod or chown stored again in full."""

from collections.abc import Iterator, Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.by_instruction import DeadFiles, by_instruction
from layerscope.analysis.advice.fix import COPYING, layers_do
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.dead_reason import DeadReason
from layerscope.model.entries import FileEntry
from layerscope.text import human_size, plural


def metadata_copies(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on files that a later layer stored again only to change their metadata."""
    entries = list(evidence.unclaimed_dead({DeadReason.METADATA_ONLY}))
    for group in by_instruction(evidence, entries):
        paths = dict.fromkeys(entry.path for entry in group.entries)
        text, kind = _text(evidence, group), AdviceKind.METADATA_COPY
        yield evidence.advice(kind, group.layer, group.files, text, paths, hidden_by=group.main_hiding_layer)


def _text(evidence: Evidence, group: DeadFiles) -> str:
    changes = [_before_and_after(evidence, entry) for entry in group.entries]
    files, size = plural(len(group.entries), "file"), human_size(group.size)
    reason = f"{size} in all, only to change their {' and '.join(_changed(changes))}."
    if group.at_hiding_layer:
        return f"This layer stores {files} of other layers again in full, {reason} Change them where they are written."
    stores = layers_do(group.hiding_layers, "store")
    return f"{stores} {files} of this layer again in full, {reason} {_remedy(evidence, group.layer, changes)}"


_Changes = Sequence[tuple[FileEntry, FileEntry]]


def _before_and_after(evidence: Evidence, entry: DeadEntry) -> tuple[FileEntry, FileEntry]:
    tree = evidence.tree
    hiding_node = tree.index.node_of(entry.hiding_occurrence)
    return tree.entry_of(entry.occurrence, entry.node), tree.entry_of(entry.hiding_occurrence, hiding_node)


def _owner(entry: FileEntry) -> tuple[int, int]:
    return entry.uid, entry.gid


def _changed(changes: _Changes) -> list[str]:
    """Return the metadata in which the two copies of any file differ."""
    return [
        *(["owner"] if any(_owner(before) != _owner(after) for before, after in changes) else []),
        *(["mode"] if any(before.mode != after.mode for before, after in changes) else []),
        *(["extended attributes"] if any(before.xattrs != after.xattrs for before, after in changes) else []),
    ]


def _remedy(evidence: Evidence, writer: int, changes: _Changes) -> str:
    keyword = evidence.keyword(writer)
    if keyword in COPYING and (options := _options(changes)):
        return f"Write `{keyword} {options}` here instead of the later change."
    if keyword == "RUN":
        return "Change them at the end of this RUN."
    return "Change as few of them as you can: each one is stored again in full."


def _options(changes: _Changes) -> str:
    """Return the options of COPY that give all files their final metadata."""
    options, changed = [], _changed(changes)
    owners, modes = {_owner(after) for _, after in changes}, {after.mode for _, after in changes}
    if "owner" in changed:
        options.append("--chown={}:{}".format(*owners.pop()) if len(owners) == 1 else "--chown=…")
    if "mode" in changed:
        options.append(f"--chmod={modes.pop():04o}" if len(modes) == 1 else "--chmod=…")
    return " ".join(options)
