"""Extraction into a folder: files are first written to a staging folder in it, then moved into place together."""

import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from layerscope.errors import UsageError, os_reason
from layerscope.extraction.confined import ConfinedFolder
from layerscope.extraction.options import Extracted, ExtractionFailed, ExtractionOptions, Incomplete, path_errors
from layerscope.extraction.plan import ExtractionPlan, plan_extraction, unread_layers
from layerscope.extraction.staging import Installer, StagingWriter, Written, check_free
from layerscope.model.entries import Kind
from layerscope.model.progress import Progress, no_progress
from layerscope.session.loaded_image import LoadedImage
from layerscope.signals import deferred_signals
from layerscope.text import plural, short_name

_LONGEST_PATH = 4095
"""The longest path in bytes that any system opens."""

_NEW = b"new"
_REPLACED = b"replaced"


def extract(
    loaded: LoadedImage,
    nodes: Sequence[int],
    layer: int,
    target: str,
    *,
    options: ExtractionOptions | None = None,
    progress: Progress = no_progress,
) -> Extracted:
    """Write nodes as they are after a layer, and everything below them, to their paths in the folder ``target``.

    A missing folder is made. ``progress`` is called with the content bytes done and their total; an exception that it
    raises ends the extraction. Raises LayerscopeError; after any exception, the target is unchanged.
    """
    options = options or ExtractionOptions()
    if (options.owners or options.devices) and os.geteuid() != 0:
        raise UsageError("only root can restore owners and make device nodes")
    plan = plan_extraction(loaded.tree, nodes, layer, options)
    if not options.partial:
        _check_whole(loaded, nodes, layer, plan)
    _check_any(plan)
    name = short_name(os.fsencode(target)).rstrip("/") or "/"
    with _opened_target(os.fsencode(target), name) as folder, ExitStack() as stack:
        _check_all_free(folder, name, plan, force=options.force)
        with _work_folder(folder, name) as (stage, replaced):
            StagingWriter(stage, name, loaded, options).write(plan, _counting(progress, plan.size))
            _check_any(plan)
            # The moves must not be left half done: signals take effect after them.
            stack.enter_context(deferred_signals())
            Installer(folder, stage, replaced, name).install(plan, options)
    return _result(plan, options)


def _result(plan: ExtractionPlan, options: ExtractionOptions) -> Extracted:
    kinds = Counter(other.entry.kind for other in plan.others)
    hard_links = sum(len(file.links) for file in plan.files) + sum(len(other.links) for other in plan.others)
    return Extracted(
        files=len(plan.files),
        folders=len(plan.folders),
        links=hard_links + kinds[Kind.SYMLINK],
        pipes=kinds[Kind.FIFO],
        devices=kinds[Kind.CHAR] + kinds[Kind.BLOCK],
        size=plan.size,
        left_out=(*plan.impossible, *plan.left_out),
        with_xattrs=0 if options.xattrs else sum(bool(entry.xattrs) for entry in plan.entries()),
    )


def _check_whole(loaded: LoadedImage, nodes: Sequence[int], layer: int, plan: ExtractionPlan) -> None:
    """Raise Incomplete if a layer that the paths depend on was not read whole, or if one of them cannot be written."""
    if unread := unread_layers(loaded, nodes, layer):
        more = f" and {plural(len(unread) - 1, 'other layer')}" if len(unread) > 1 else ""
        raise Incomplete(f"layer {unread[0]}{more} could not be read whole")
    if plan.impossible:
        path, reason, _ = plan.impossible[0]
        more = f" ({plural(len(plan.impossible), 'such path')})" if len(plan.impossible) > 1 else ""
        raise Incomplete(f"/{short_name(path)} cannot be written: {reason}{more}")


def _check_any(plan: ExtractionPlan) -> None:
    if (left_out := [*plan.impossible, *plan.left_out]) and not any(plan.entries()):
        raise ExtractionFailed(f"/{short_name(left_out[0].path)} is not written: {left_out[0].reason}")


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
    """Open the target; if it is missing, make it, and remove it again if the block fails."""
    existing, made = _existing_and_missing(path)
    try:
        with _made(made, made[-1] if made else existing, name) as target:
            yield target
    except BaseException:
        with deferred_signals():
            for made_folder in reversed(made):
                with suppress(OSError):
                    os.rmdir(made_folder)  # noqa: PTH106  # bytes
        raise


def _made(folders: Sequence[bytes], path: bytes, name: str) -> ConfinedFolder:
    try:
        for folder in folders:
            os.mkdir(folder)  # noqa: PTH102  # bytes
        return ConfinedFolder.open(path)
    except OSError as error:
        raise ExtractionFailed(f"{name} cannot be written to: {os_reason(error)}") from error


def _existing_and_missing(path: bytes) -> tuple[bytes, list[bytes]]:
    """Return the existing part of a path, and the folders to be made in it, outermost first."""
    existing, missing = b"/" if path.startswith(b"/") else b".", list[bytes]()
    for part in path.split(b"/"):
        if part == b".." and missing:
            missing.pop()
        elif part not in (b"", b"."):
            step = os.path.join(missing[-1] if missing else existing, part)  # noqa: PTH118  # bytes
            if missing or not os.path.lexists(step):
                missing.append(step)
            else:
                existing = step
    return existing, missing


def _check_all_free(target: ConfinedFolder, name: str, plan: ExtractionPlan, *, force: bool) -> None:
    """Raise ExtractionFailed if an existing file is in the way; nothing is below a folder that does not exist yet."""
    folders = [*plan.parents, *(entry.path for entry in plan.folders)]
    files = [path for file in plan.files for path in (file.entry.path, *file.links)]
    others = [path for other in plan.others for path in (other.entry.path, *other.links)]
    known = {b""}
    # Folders come before their contents.
    for path, is_folder in [*((path, True) for path in folders), *((path, False) for path in files + others)]:
        if len(path) > _LONGEST_PATH:
            raise ExtractionFailed(f"the name of /{short_name(path)} is too long for the file system of {name}")
        if path.rpartition(b"/")[0] in known:
            with path_errors(path, name):
                check_free(target, name, path, is_folder=is_folder, force=force)
                if is_folder and target.is_folder(path):
                    known.add(path)


def _make_work_folder(target: ConfinedFolder, work_folder: bytes, name: str) -> None:
    try:
        for path in (work_folder, work_folder + b"/" + _NEW, work_folder + b"/" + _REPLACED):
            target.make_folder(path)
    except OSError as error:
        raise ExtractionFailed(f"{name} cannot be written to: {os_reason(error)}") from error


@contextmanager
def _work_folder(target: ConfinedFolder, name: str) -> Iterator[tuple[ConfinedFolder, ConfinedFolder]]:
    """Make a folder in the target for new and for replaced files, and remove it at the end of the block.

    After a failure, only replaced files that could not be put back remain in it.
    """
    work_folder = b".layerscope-" + secrets.token_hex(8).encode()
    try:
        _make_work_folder(target, work_folder, name)
        with target.below(work_folder + b"/" + _NEW) as stage, target.below(work_folder + b"/" + _REPLACED) as replaced:
            yield stage, replaced
    except BaseException:
        with deferred_signals():
            target.remove_all(work_folder + b"/" + _NEW)
            for path in (work_folder + b"/" + _REPLACED, work_folder):
                with suppress(OSError):
                    target.remove_empty(path)
        raise
    target.remove_all(work_folder)
