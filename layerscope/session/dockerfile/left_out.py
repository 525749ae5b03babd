"""Lines for ``.dockerignore``: files that a COPY brought, and that should not have been in the context.

Only what is sure: the context, which is the folder of the Dockerfile, has the files, no other instruction copies them,
and they are below a folder that is copied, because a COPY fails without a file that it names.
"""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from posixpath import join, normpath, relpath
from typing import NamedTuple

from layerscope.analysis.advice.advice import AdviceKind
from layerscope.analysis.dockerfile.ignore import ignore_patterns, is_ignored
from layerscope.analysis.dockerfile.parser import Instruction
from layerscope.analysis.dockerfile.patching import patch_between
from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.dockerfile.variables import split_words
from layerscope.model.instruction import COPYING
from layerscope.session.size.report import SizeReport

_NEVER_COPIED = frozenset(
    {
        AdviceKind.BYTECODE,
        AdviceKind.CORE_DUMP,
        AdviceKind.LOGS,
        AdviceKind.PACKAGE_CACHE,
        AdviceKind.VERSION_CONTROL,
    }
)
_SPECIAL = re.compile(r"[\\*?\[]")
_GLOB = re.compile(r"[*?\[]")
_IGNORE_FILE = ".dockerignore"
_MOST_LINES = 100
"""Lines for one piece of advice; nobody would read more."""


class _Copy(NamedTuple):
    """A COPY from the context: paths in it, and the absolute path in the image, or None if that is not known."""

    line: int
    sources: tuple[str, ...]
    target: str | None

    def takes(self, path: str) -> bool:
        """Return whether the path, something in it, or a folder above it is copied."""
        above = [path, *(parent.as_posix() for parent in Path(path).parents)]
        return any(
            source.startswith(f"{path}/") or any(fnmatchcase(each, source) for each in above) for source in self.sources
        )


def ignore_patch(placed: PlacedDockerfile, report: SizeReport, working_dir: str) -> str:
    """Return the patch of the ``.dockerignore`` that leaves out what advice and secrets name; empty if there is none.

    ``working_dir`` is that of the image.
    """
    folder = Path(placed.path).parent
    copies = _copies(placed, working_dir)
    if copies is None or not Path(placed.path).is_file():
        return ""
    file = ignore_file(folder, Path(placed.path))
    try:
        text = file.read_bytes().decode() if file.exists() else ""
    except (OSError, UnicodeDecodeError):
        return ""
    patterns, found = ignore_patterns(text), list[str]()
    for layer, paths in _unwanted(report):
        line = placed.line_of_layer.get(layer, 0)
        own = [_in_context(folder, copies, line, path) for path in paths[: _MOST_LINES + 1]]
        if len(own) <= _MOST_LINES and all(path is not None and not is_ignored(path, patterns) for path in own):
            found += [path for path in own if path is not None and path not in found]
    end = "\r\n" if "\r\n" in text else "\n"
    old = text.splitlines(keepends=True)
    new = [f"{line}{'' if line.endswith(end) else end}" for line in old]
    new += [_SPECIAL.sub(r"\\\g<0>", path) + end for path in found]
    name = file.as_posix()
    return patch_between(old, new, name if file.exists() else None, name) if found else ""


def ignore_file(folder: Path, dockerfile: Path | None) -> Path:
    """Return the file that says what builders leave out of a context: the first one that exists."""
    files = [folder / ".containerignore", folder / _IGNORE_FILE]
    if dockerfile is not None:
        files.insert(0, dockerfile.with_name(f"{dockerfile.name}{_IGNORE_FILE}"))
    return next((file for file in files if file.exists()), folder / _IGNORE_FILE)


def _unwanted(report: SizeReport) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the paths of a piece of advice, or a secret, with the layer that brought them."""
    for each in report.advice:
        if each.is_unused or each.kind in _NEVER_COPIED:
            yield each.layer, list(each.paths)
    for secret in report.secrets:
        yield secret.layer, [secret.path]


def _copies(placed: PlacedDockerfile, working_dir: str) -> list[_Copy] | None:
    """Return what is copied from the context, or None if that is not certain."""
    found = list[_Copy]()
    for stage in placed.stages:
        folder: str | None = None if any(one.keyword == "WORKDIR" for one in stage.instructions) else working_dir or "/"
        for instruction in stage.instructions:
            words = instruction.words or split_words(instruction.arguments, placed.dockerfile.escape)
            if instruction.keyword == "WORKDIR" and words:
                folder = _joined(folder, words[0])
            elif instruction.keyword == "RUN" and _binds_context(instruction):
                return None
            elif instruction.keyword in COPYING and not instruction.flag("from"):
                if any("$" in word or "<<" in word for word in words):
                    return None
                names = [word.strip("\"'") for word in words]
                sources = tuple(normpath(name).lstrip("/") or "." for name in names[:-1])
                found.append(_Copy(instruction.line, sources, _joined(folder, names[-1]) if names else None))
    return found


def _joined(folder: str | None, name: str) -> str | None:
    """Return a path in the image; None if it depends on an unknown folder or variable."""
    if "$" in name or (folder is None and not name.startswith("/")):
        return None
    return normpath(join(folder or "/", name))


def _binds_context(instruction: Instruction) -> bool:
    mounts = (flag for flag in instruction.flags if flag.startswith("--mount="))
    return any("from=" not in mount and ("type=bind" in mount or "type=" not in mount) for mount in mounts)


def _in_context(folder: Path, copies: Sequence[_Copy], line: int, path: bytes) -> str | None:
    """Return the path in the context of what an instruction copied, or None if that is not certain."""
    own = next((copy for copy in copies if copy.line == line), None)
    image_path = f"/{os.fsdecode(path)}"
    if own is None or own.target is None or not image_path.isprintable() or image_path != image_path.strip():
        return None
    below = relpath(image_path, own.target)
    for source in own.sources:
        found = normpath(join(source, below))
        is_below = not below.startswith("..") and below != "." and not _GLOB.search(source)
        if is_below and (folder / source).is_dir() and os.path.lexists(folder / found):
            is_needed = any(copy.takes(found) for copy in copies if copy is not own)
            return None if is_needed or found.startswith(("!", "#")) else found
    return None
