"""Files that a later chmod or chown has stored whole a second time."""

from collections.abc import Iterator, Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.fix import COPYING
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.dead_reason import DeadReason
from layerscope.model.entries import FileEntry
from layerscope.text import human_size, plural


def metadata_copies(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each pair of a layer that wrote files and one that changed no more than their metadata."""
    pairs: dict[tuple[int, int], list[DeadEntry]] = {}
    for entry in evidence.dead.entries:
        if entry.reason is DeadReason.METADATA_ONLY:
            pairs.setdefault((entry.writer, entry.hidden_by), []).append(entry)
    for (writer, hidden_by), entries in pairs.items():
        size = sum(entry.size for entry in entries)
        if evidence.matters(size):
            changes = [_before_and_after(evidence, entry) for entry in entries]
            what = " and ".join(_changed(changes))
            text = (
                f"Layer {hidden_by} stores {plural(len(entries), 'file')} of this layer whole again, {human_size(size)}"
                f" in all, to change no more than their {what}. {_remedy(evidence, writer, changes)}"
            )
            paths = (entry.path for entry in entries)
            yield evidence.advice(AdviceKind.METADATA_COPY, writer, size, text, paths, hidden_by=hidden_by)


_Changes = Sequence[tuple[FileEntry, FileEntry]]


def _before_and_after(evidence: Evidence, entry: DeadEntry) -> tuple[FileEntry, FileEntry]:
    tree = evidence.tree
    return tree.entry_of(entry.occurrence, entry.node), tree.entry_of(
        entry.hiding_occurrence, tree.index.node_of(entry.hiding_occurrence)
    )


def _owner(entry: FileEntry) -> tuple[int, int]:
    return entry.uid, entry.gid


def _changed(changes: _Changes) -> list[str]:
    """Return what differs between the two copies of any file."""
    return [
        *(["owner"] if any(_owner(before) != _owner(after) for before, after in changes) else []),
        *(["mode"] if any(before.mode != after.mode for before, after in changes) else []),
        *(["extended attributes"] if any(before.xattrs != after.xattrs for before, after in changes) else []),
    ]


def _remedy(evidence: Evidence, writer: int, changes: _Changes) -> str:
    keyword = evidence.keyword(writer)
    if keyword in COPYING and (options := _options(changes)):
        return f"Write `{keyword} {options}` here in place of the later change."
    if keyword == "RUN":
        return "Change them at the end of this RUN."
    return "Change as few of them as you can: each one is stored whole again."


def _options(changes: _Changes) -> str:
    """Return the options of COPY that give all files what they have in the end."""
    options, changed = [], _changed(changes)
    owners, modes = {_owner(after) for _, after in changes}, {after.mode for _, after in changes}
    if "owner" in changed:
        options.append("--chown={}:{}".format(*owners.pop()) if len(owners) == 1 else "--chown=…")
    if "mode" in changed:
        options.append(f"--chmod={modes.pop():04o}" if len(modes) == 1 else "--chmod=…")
    return " ".join(options)
