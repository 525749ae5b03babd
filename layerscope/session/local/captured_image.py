"""An image as it was before a build replaced it: its steps, its sizes, and the files of the layers that copy."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple

from layerscope.analysis.comparison.cache_miss import BuiltSteps, CopiedFile, Files
from layerscope.analysis.comparison.rebuilt import LayerContents
from layerscope.cache.cache import Cache
from layerscope.errors import ImageNotFound, LayerscopeError
from layerscope.model.entries import Kind
from layerscope.model.image import Image
from layerscope.model.instruction import COPYING, keyword_of
from layerscope.session.image_facts import build_steps
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.open import open_or_choose

_MOST_READ = 64_000_000
"""The content bytes of a layer up to which its files are digested; the times of larger ones tell them apart."""


class CapturedImage(NamedTuple):
    """An image as it was: ``content_size`` in bytes, None if it is unknown.

    ``arguments`` are the digests of the build arguments by name; None unless layerscope has built it.
    """

    steps: BuiltSteps
    content_size: int | None
    arguments: Mapping[str, str] | None


class Unreadable:
    """Stands for an image that exists, but cannot be described."""


def captured_image(reference: str) -> CapturedImage | Unreadable | None:
    """Return what is kept of an engine's image, or None if there is no such image."""
    try:
        opened = open_or_choose(reference, cache=Cache())
    except ImageNotFound:
        return None
    except LayerscopeError:
        return Unreadable()
    with opened:
        return captured(opened) if isinstance(opened, ImageSession) else Unreadable()


def captured(session: ImageSession) -> CapturedImage:
    """Return what is kept of an open image; of one that would have to be exported, what its engine says of it."""
    image, arguments = session.image, session.build.arguments if session.build else None
    if session.awaited is not None:
        return CapturedImage(built_steps(session, []), None, arguments)
    copying = [step.layer for step in image.steps if step.layer and keyword_of(step.instruction) in COPYING]
    return CapturedImage(built_steps(session, copying), session.tallies.content_size, arguments)


def built_steps(session: ImageSession, layers: Iterable[int]) -> BuiltSteps:
    """Return the steps of an open image, with the files of some layers."""
    image = session.image
    steps = build_steps(image)
    created_by: list[str | None] = [step.created_by for step in image.steps]
    created_by += [None] * (len(steps) - len(created_by))
    return BuiltSteps(steps, created_by, layer_files(session, list(layers)))


def shared_layers(image: Image, previous: CapturedImage) -> int:
    """Return how many of its lowest layers an image has in common with the one before."""
    old = [step.diff_id for step in previous.steps.steps if step.layer]
    new = [step.diff_id for step in build_steps(image) if step.layer]
    same = takewhile(lambda pair: pair[0] is not None and pair[0] == pair[1], zip(old, new, strict=False))
    return sum(1 for _ in same)


def layer_files(session: ImageSession, layers: list[int]) -> dict[int, Files]:
    """Return the files of those layers that can be read whole, by path."""
    readable = [layer for layer in layers if session.tallies.layers[layer].content_size is not None]
    if not readable:
        return {}
    loaded = session.load()
    contents = LayerContents(loaded.tree, readable)
    return {layer: _files(loaded, contents.occurrences(layer)) for layer in readable}


def _files(loaded: LoadedImage, occurrences: dict[bytes, int | None]) -> Files:
    entries = {
        path: (occurrence, loaded.tree.entry_at(occurrence, path))
        for path, occurrence in occurrences.items()
        if occurrence is not None
    }
    files = [occurrence for occurrence, entry in entries.values() if entry.kind is Kind.FILE]
    total = sum(entry.size for _, entry in entries.values() if entry.kind is Kind.FILE)
    # both sides of a comparison digest sparse files as if they were stored whole; nothing is exported to be digested
    is_digested = total <= _MOST_READ and loaded.image.fetch is None
    digests = loaded.contents.digests(files, frozenset()) if is_digested else {}
    return {
        path: CopiedFile(
            (entry.kind, entry.size, entry.mode, entry.uid, entry.gid, entry.link),
            b"" if entry.kind is not Kind.FILE else digests.get(occurrence),
            entry.mtime,
        )
        for path, (occurrence, entry) in entries.items()
    }
