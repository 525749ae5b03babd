"""Bytes that are stored twice: at several paths of the final image, or again in full by a later chmod or chown."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.edits import Edits, continued, removed, replaced
from layerscope.analysis.advice.held import DeadFiles, by_instruction, layers_do, named_layers, named_paths
from layerscope.analysis.size.dead import DeadEntry, DeadReason
from layerscope.model.entries import FileEntry
from layerscope.model.instruction import COPYING
from layerscope.text import human_size, path_text, plural


def duplicate_files(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each set of copies that is worth it, on the layer that wrote the last of them.

    Only files of the same mode, owner and xattrs are put into one set: a link to a setuid program is setuid as well.
    """
    live = evidence.live
    live = evidence.live
    for duplicate in evidence.duplicates:
        if not evidence.matters(duplicate.saves):
            return
        files = (live.occurrences[bisect_left(live.nodes, node)] for node in duplicate.nodes)
        for alike in _alike(evidence, (file for file in files if file not in evidence.claimed)):
            if len(alike) > 1:
                yield _advice(evidence, alike, duplicate.size)


def _alike(evidence: Evidence, files: Iterable[int]) -> Iterable[list[int]]:
    """Return the files in groups of the same mode, owner and xattrs."""
    groups: dict[object, list[int]] = {}
    tree = evidence.tree
    for file in files:
        table, row = tree.tables[tree.index.layers[file]], tree.index.rows[file]
        key = table.permission_sets[table.permissions[row]], table.xattrs.get(row, ())
        groups.setdefault(key, []).append(file)
    return groups.values()


def _advice(evidence: Evidence, files: Sequence[int], size: int) -> Advice:
    index = evidence.tree.index
    by_age = sorted(files, key=lambda file: (evidence.origin(file), file))
    text = (
        f"The same {human_size(size)} are at {plural(len(files), 'path')}. Keep one, and make the others symlinks to it"
        " in the instruction that writes them."
    )
    paths = (index.path(index.node_of(file)) for file in files)
    cause = f"the same bytes at {plural(len(files), 'path')}"
    return evidence.advice(
        AdviceKind.DUPLICATES, evidence.origin(by_age[-1]), by_age[1:], cause=cause, text=text, paths=paths
    )


_CHANGE = re.compile(r"ch(?:mod|own|grp) [^;&|`$<>]+")
_ANY_CHANGE = re.compile(r"\bch(?:mod|own|grp)\b")
_ANY = "…"
"""The value of an option that files of several owners or modes would need."""


def metadata_copies(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on files that a later layer stored again only to change their metadata."""
    entries = list(evidence.unclaimed_dead({DeadReason.METADATA_ONLY}))
    for group in by_instruction(evidence, entries):
        paths = [*dict.fromkeys(entry.path for entry in group.entries)]
        changes = [_before_and_after(evidence, entry) for entry in group.entries]
        yield evidence.advice(
            AdviceKind.METADATA_COPY,
            group.layer,
            group.files,
            cause=_cause(group, changes, paths),
            text=_text(evidence, group, changes),
            paths=paths,
            hidden_by=group.main_hiding_layer,
            edits=_edits(evidence, group, changes),
        )


_Changes = Sequence[tuple[FileEntry, FileEntry]]


def _cause(group: DeadFiles, changes: _Changes, paths: Sequence[bytes]) -> str:
    changed, named = " and ".join(_changed(changes)), named_paths(paths, len(group.entries))
    if group.at_hiding_layer:
        return f"stored again for another {changed}: {named}"
    return f"stored again by {named_layers(group.hiding_layers)} for another {changed}: {named}"


def _edits(evidence: Evidence, group: DeadFiles, changes: _Changes) -> Edits:
    """Return the edits that move the change into the instruction that writes the files; none if that may do more."""
    later = group.main_hiding_layer
    run = None if group.at_hiding_layer or len(set(group.hiding_layers)) > 1 else evidence.run(later)
    command = None if run is None else _only_change(run)
    if run is None or command is None:
        return ()
    is_whole = run == f"RUN {command}" and _are_all_of(evidence, later, group.layer)
    if not is_whole and not _names_exactly(command, group):
        return ()
    keyword, options = evidence.keyword(group.layer), _options(changes)
    if keyword in COPYING and options and _ANY not in options:
        instruction = evidence.instructions.get(group.layer)
        moved = replaced(group.layer, instruction, f"{keyword} ", f"{keyword} {options} ")
    else:
        moved = continued(group.layer, evidence.run(group.layer), command)
    return moved + _without(later, run, command) if moved else ()


def _only_change(run: str) -> str | None:
    """Return the only chmod or chown of a RUN whose commands all have to succeed."""
    changes = [command for command in run.removeprefix("RUN ").split(" && ") if _CHANGE.fullmatch(command)]
    return changes[0] if len(changes) == len(_ANY_CHANGE.findall(run)) == 1 else None


def _are_all_of(evidence: Evidence, later: int, writer: int) -> bool:
    """Return whether all files that a layer changed were first written by one other layer."""
    changed = (entry for entry in evidence.dead.entries if entry.hidden_by == later)
    return all(evidence.origin(entry.occurrence) == writer for entry in changed)


def _names_exactly(command: str, group: DeadFiles) -> bool:
    """Return whether a command changes exactly the files of the group, each by its name."""
    _, _, *names = command.split()
    return set(names) == {path_text(entry.path) for entry in group.entries}


def _without(layer: int, run: str, command: str) -> Edits:
    if run == f"RUN {command}":
        return removed(layer, run)
    return replaced(layer, run, f"{command} && ", "") or replaced(layer, run, f" && {command}", "")


def _text(evidence: Evidence, group: DeadFiles, changes: _Changes) -> str:
    files, size = plural(len(group.entries), "file"), human_size(group.size)
    reason = f"{size} in all, only to change their {' and '.join(_changed(changes))}."
    if group.at_hiding_layer:
        return f"This layer stores {files} of other layers again in full, {reason} Change them where they are written."
    stores = layers_do(group.hiding_layers, "store")
    return f"{stores} {files} of this layer again in full, {reason} {_remedy(evidence, group.layer, changes)}"


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
    """Return the options of COPY that give all files their final metadata; nothing if no option gives it."""
    options, changed = [], _changed(changes)
    if "extended attributes" in changed:
        return ""
    owners, modes = {_owner(after) for _, after in changes}, {after.mode for _, after in changes}
    if "owner" in changed:
        options.append("--chown={}:{}".format(*owners.pop()) if len(owners) == 1 else f"--chown={_ANY}")
    if "mode" in changed:
        options.append(f"--chmod={modes.pop():04o}" if len(modes) == 1 else f"--chmod={_ANY}")
    return " ".join(options)
