"""The releases of one image, by version or by time: what each costs, and the step that made it larger or smaller."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from layerscope.analysis.comparison.growth import Growth, growth
from layerscope.cache.cache import Cache
from layerscope.errors import LayerscopeError, ReadingStopped, UsageError
from layerscope.model.documents import Digest
from layerscope.model.image import Image
from layerscope.model.progress import Progress
from layerscope.session.image_facts import build_steps
from layerscope.session.open import open_images
from layerscope.session.reading.known_layers import KnownLayers
from layerscope.session.releases import (
    FoundRelease,
    PackageRelease,
    PathSize,
    Reading,
    ReleaseOrder,
    TrendQuestion,
    find_releases,
    read_release,
)
from layerscope.session.tags import Tag, measured, version_key
from layerscope.sources.image.probe import probe
from layerscope.sources.registry.hosts import parse_registry_name
from layerscope.sources.request import REGISTRY, parse_reference, parse_transport
from layerscope.text import short_name

_VERSION = re.compile(r"\d+(?:[._-]\d+)*")
"""The part of a file's name in which the archives of two releases differ."""


class Release(Struct, frozen=True):
    """A release with its figures beside those of the one before.

    ``engine_size`` is that of its layers, as a local engine counts them.
    """

    tag: Tag
    content_size: int | None = None
    engine_size: int | None = None
    growth: Growth | None = None
    path: PathSize | None = None
    package: PackageRelease | None = None


MEASURES = ("content", "blobs", "engine size")
"""The sizes of a release, by preference."""


class Trend(Struct, frozen=True):
    """The releases, the oldest first, as they were ``found`` and measured.

    ``problems`` are sentences about layers that could not be read; ``left_out`` other tags of a registry are not read.
    """

    name: str
    found: Sequence[FoundRelease]
    releases: Sequence[Release]
    problems: Sequence[str] = ()
    rate_limit: int | None = None
    left_out: int = 0

    def sizes(self) -> dict[str, list[int | None]]:
        """Return the sizes of all releases in each measure that any is known in, the one of most releases first."""
        columns = zip(
            *((each.content_size, each.tag.blob_size, each.engine_size) for each in self.releases), strict=True
        )
        known = {name: list(sizes) for name, sizes in zip(MEASURES, columns, strict=False) if set(sizes) != {None}}
        return dict(sorted(known.items(), key=lambda measure: measure[1].count(None)))

    def by(self, order: ReleaseOrder) -> "Trend":
        """Return the same releases in another order, each beside the one that is before it then."""
        found = _ordered(self.found, order)
        return replace(self, found=found, releases=list(_releases(found)))


def releases_like(reference: str, last: int) -> TrendQuestion:
    """Return the question about the releases of the image that a reference opens: of a registry, the last ones.

    The releases of an archive are in archives beside it whose names differ in the version only. Raises UsageError.
    """
    if reference.startswith(REGISTRY):
        repository = parse_registry_name(reference.removeprefix(REGISTRY)).title
        return TrendQuestion([f"{REGISTRY}{repository}"], last=last)
    transport = parse_transport(reference)
    path = Path(transport.path if transport else reference)
    if transport is not None or os.path.lexists(path):
        alike = _VERSION.sub("", path.name)
        beside = sorted(each for each in path.parent.glob("*") if _VERSION.sub("", each.name) == alike)
        return TrendQuestion([str(each) for each in beside if probe(each)] or [reference])
    wanted = parse_reference(reference)
    if wanted is None:
        raise UsageError(f"{short_name(reference)} has no releases: choose an image with a tag")
    return TrendQuestion([wanted.repository], engine=wanted.engine)


def find_trend(question: TrendQuestion, progress: Progress, cache: Cache | None) -> Trend:
    """Return the releases; ``progress`` counts them. Raises UsageError, ImageNotFound, SourceError and FormatError.

    A release that cannot be read is one with a reason, unless all are.
    """
    name, all_found, rate_limit, left_out = find_releases(question, progress, cache)
    failed = [each.tagged for each in all_found if isinstance(each.tagged, LayerscopeError)]
    if failed and len(failed) == len(all_found):
        raise failed[0]
    found = _ordered(all_found, question.order)[-(question.last or 0) :]
    _look_up(found, cache)
    _read_releases(found, question, progress, cache)
    problems = [f"{each.name}: {text}" for each in found for text in (each.reading.problems if each.reading else ())]
    return Trend(name, found, list(_releases(found)), problems, rate_limit, left_out)


def _ordered(found: Sequence[FoundRelease], order: ReleaseOrder) -> list[FoundRelease]:
    keys: dict[ReleaseOrder, Callable[[FoundRelease], tuple[object, ...]]] = {
        ReleaseOrder.VERSION: lambda each: version_key(each.name),
        ReleaseOrder.TIME: lambda each: (_created(each), version_key(each.name)),
    }
    return sorted(found, key=keys[order])


def _created(found: FoundRelease) -> datetime:
    try:
        time = datetime.fromisoformat((found.image and found.image.config.created) or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _look_up(found: Iterable[FoundRelease], cache: Cache | None) -> None:
    """Take the content sizes of the layers that earlier runs have read."""
    sizes = dict[Digest | None, int]()
    unread = [(each, each.image.layers) for each in found if each.image is not None and each.reading is None]
    for _, layers in unread:
        tallies = KnownLayers(cache, layers, "").tallies()
        for tally in tallies.layers.values() if tallies is not None else ():
            if tally.content_size is not None:
                sizes[layers[tally.layer - 1].diff_id] = tally.content_size
    for each, layers in unread:
        if all(layer.verified and layer.diff_id in sizes for layer in layers):
            each.reading = Reading([sizes[layer.diff_id] for layer in layers])


def _read_releases(
    found: Iterable[FoundRelease], question: TrendQuestion, progress: Progress, cache: Cache | None
) -> None:
    """Read the layers of the releases in a registry or an engine, if that is asked for."""
    wanted = [each for each in found if each.image is not None and not each.is_open]
    if not question.reads_files:
        wanted = [each for each in wanted if question.deep and each.reading is None]
    # an export of several images has the layers that they share once; those of a registry are in the cache then
    together = cache is None or any(each.stated for each in wanted)
    for done, batch in enumerate([wanted] if wanted and together else [[each] for each in wanted]):
        progress(done, len(wanted))
        try:
            with ExitStack() as stack:
                sessions = open_images([each.request for each in batch], None, cache)
                for session in sessions:
                    stack.enter_context(session)
                for each, session in zip(batch, sessions, strict=True):
                    each.reading = read_release(session, question)
        except ReadingStopped:
            raise
        except LayerscopeError as error:
            for each in batch:
                each.tagged = error


def _releases(found: Sequence[FoundRelease]) -> Iterator[Release]:
    before: tuple[Image, list[Sequence[int] | None]] | None = None
    tags = measured([each.name for each in found], [each.tagged for each in found])
    for each, tag in zip(found, tags, strict=True):
        image = each.image
        if image is None:
            yield Release(tag)
            continue
        now = image, list(each.measures(image))
        content, _, stated = (None if sizes is None else sum(sizes) for sizes in now[1])
        gained = None if before is None else _growth(before, now)
        path, package = (each.reading.path, each.reading.package) if each.reading else (None, None)
        yield Release(tag, content, stated, gained, path, package)
        before = now


def _growth(
    old: tuple[Image, list[Sequence[int] | None]], new: tuple[Image, list[Sequence[int] | None]]
) -> Growth | None:
    """Return the growth in the first measure that is known of both."""
    for old_sizes, new_sizes in zip(old[1], new[1], strict=True):
        if old_sizes is not None and new_sizes is not None:
            return growth(build_steps(old[0]), old_sizes, build_steps(new[0]), new_sizes)
    return None
