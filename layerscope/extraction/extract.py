"""Writes files of an image into a folder: beside their places first, then into them in one go."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.errors import UsageError
from layerscope.extraction.confined import ConfinedFolder
from layerscope.extraction.failure import ExtractionFailed, shown, telling
from layerscope.extraction.install import Installer, check_free
from layerscope.extraction.metadata import restore
from layerscope.extraction.options import Extracted, ExtractionOptions
from layerscope.extraction.plan import ExtractionPlan, plan_extraction
from layerscope.extraction.undisturbed import undisturbed
from layerscope.extraction.writing import StageWriter, Written
from layerscope.model.entries import Kind
from layerscope.model.image import Image
from layerscope.model.progress import Progress, no_progress

_LONGEST_PATH = 4095
"""No system opens a longer path."""

_NEW = b"new"
_REPLACED = b"replaced"


def extract(
    image: Image,
    tree: LayeredTree,
    nodes: Sequence[int],
    layer: int,
    target: str,
    *,
    options: ExtractionOptions | None = None,
    progress: Progress = no_progress,
) -> Extracted:
    """Write nodes that are there after a layer, with all below them, into the folder ``target``, at their paths.

    The folder is made where it is missing. ``progress`` is told the content bytes done and in all; whoever raises in it
    ends the work. Raises LayerscopeError; whatever is raised, the target is as it was before.
    """
    options = options or ExtractionOptions()
    _check_rights(options)
    plan = plan_extraction(tree, nodes, layer, options)
    _check_any(plan)
    name = shown(os.fsencode(target)).rstrip("/") or "/"
    with _opened_target(os.fsencode(target), name) as folder, ExitStack() as stack:
        _check_all_free(folder, name, plan, force=options.force)
        with _workshop(folder, name) as (stage, replaced):
            StageWriter(stage, name, image, tree, options).write(plan, _counting(progress, plan.size))
            # from here on it goes to its end, and what would have ended it comes after that
            stack.enter_context(undisturbed())
            _install(Installer(folder, stage, replaced, name), folder, name, plan, options)
    hard_links = sum(len(file.links) for file in plan.files) + sum(len(other.links) for other in plan.others)
    symlinks = sum(other.entry.kind is Kind.SYMLINK for other in plan.others)
    return Extracted(len(plan.files), len(plan.folders), hard_links + symlinks, plan.size, tuple(plan.left_out))


def _check_rights(options: ExtractionOptions) -> None:
    if (options.owners or options.devices) and os.geteuid() != 0:
        raise UsageError("only root can restore owners and make device nodes")


def _check_any(plan: ExtractionPlan) -> None:
    """Raise ExtractionFailed where nothing of what was asked for can be written."""
    if plan.left_out and not (plan.folders or plan.files or plan.others):
        path, reason = plan.left_out[0]
        raise ExtractionFailed(f"/{shown(path)} is not written: {reason}")


def _counting(progress: Progress, total: int) -> Written:
    done = 0
    progress(0, total)

    def count(size: int) -> None:
        nonlocal done
        done += size
        progress(done, total)

    return count


@contextmanager
def _opened_target(path: bytes, name: str) -> Iterator[ConfinedFolder]:
    """Open the target; where it was missing, it is made, and goes again if the work fails."""
    there, made = _known_and_missing(path)
    try:
        with _made(made, made[-1] if made else there, name) as target:
            yield target
    except BaseException:
        with undisturbed():
            _remove_empty(made)
        raise


def _made(folders: Sequence[bytes], path: bytes, name: str) -> ConfinedFolder:
    try:
        for folder in folders:
            os.mkdir(folder)  # noqa: PTH102  # bytes
        return ConfinedFolder.open(path)
    except OSError as error:
        raise ExtractionFailed(f"{name} cannot be written to: {error.strerror or error}") from error


def _known_and_missing(path: bytes) -> tuple[bytes, list[bytes]]:
    """Return the part of a path that is there, and the folders that have to be made in it, the outermost first."""
    there, missing = b"/" if path.startswith(b"/") else b".", list[bytes]()
    for part in path.split(b"/"):
        if part == b".." and missing:
            missing.pop()
        elif part not in (b"", b"."):
            step = os.path.join(missing[-1] if missing else there, part)  # noqa: PTH118  # bytes
            if missing or not os.path.lexists(step):
                missing.append(step)
            else:
                there = step
    return there, missing


def _remove_empty(folders: Sequence[bytes]) -> None:
    for folder in reversed(folders):
        with suppress(OSError):
            os.rmdir(folder)  # noqa: PTH106  # bytes


def _check_all_free(target: ConfinedFolder, name: str, plan: ExtractionPlan, *, force: bool) -> None:
    """Raise ExtractionFailed where anything is in the way; what is new in the target has nothing below it."""
    folders = [*plan.parents, *(entry.path for entry in plan.folders)]
    files = [path for file in plan.files for path in (file.entry.path, *file.links)]
    others = [path for other in plan.others for path in (other.entry.path, *other.links)]
    known = {b""}
    # a folder comes before what is in it
    for path, is_folder in [*((path, True) for path in folders), *((path, False) for path in files + others)]:
        if len(path) > _LONGEST_PATH:
            raise ExtractionFailed(f"the name of /{shown(path)} is too long for the file system of {name}")
        if path.rpartition(b"/")[0] in known:
            with telling(path, name):
                check_free(target, name, path, is_folder=is_folder, force=force)
                if is_folder and target.is_folder(path):
                    known.add(path)


def _make_workshop(target: ConfinedFolder, workshop: bytes, name: str) -> None:
    try:
        for path in (workshop, workshop + b"/" + _NEW, workshop + b"/" + _REPLACED):
            target.make_folder(path)
    except OSError as error:
        raise ExtractionFailed(f"{name} cannot be written to: {error.strerror or error}") from error


@contextmanager
def _workshop(target: ConfinedFolder, name: str) -> Iterator[tuple[ConfinedFolder, ConfinedFolder]]:
    """Make a folder in the target for what is being written and what is replaced; it goes in the end.

    Only what was replaced and could not be put back stays there after a failure.
    """
    workshop = b".layerscope-" + secrets.token_hex(8).encode()
    try:
        _make_workshop(target, workshop, name)
        with target.below(workshop + b"/" + _NEW) as stage, target.below(workshop + b"/" + _REPLACED) as replaced:
            yield stage, replaced
    except BaseException:
        with undisturbed():
            target.remove_all(workshop + b"/" + _NEW)
            for path in (workshop + b"/" + _REPLACED, workshop):
                with suppress(OSError):
                    target.remove_empty(path)
        raise
    target.remove_all(workshop)


def _install(
    installer: Installer, target: ConfinedFolder, name: str, plan: ExtractionPlan, options: ExtractionOptions
) -> None:
    """Move everything into its place, and restore the metadata of the folders that are new."""
    try:
        installer.install(force=options.force)
        # from the inside out: what is written into a folder changes its time
        for entry in reversed(plan.folders):
            if installer.is_new(entry.path):
                with telling(entry.path, name), target.folder(entry.path) as folder:
                    restore(folder, entry, options)
    except BaseException:
        installer.undo()
        raise
