"""The releases of one image, by version or by time: what each costs, and the step that made it larger or smaller."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from msgspec import Struct

from layerscope.analysis.comparison.growth import Growth, growth
from layerscope.cache.cache import Cache
from layerscope.errors import LayerscopeError, ReadingStopped
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
    """The releases, the oldest first; ``problems`` are sentences about layers that could not be read."""

    name: str
    releases: Sequence[Release]
    problems: Sequence[str] = ()
    rate_limit: int | None = None

    def sizes(self) -> dict[str, list[int | None]]:
        """Return the sizes of all releases in each measure that any is known in, the one of most releases first."""
        columns = zip(
            *((each.content_size, each.tag.blob_size, each.engine_size) for each in self.releases), strict=True
        )
        known = {name: list(sizes) for name, sizes in zip(MEASURES, columns, strict=False) if set(sizes) != {None}}
        return dict(sorted(known.items(), key=lambda measure: measure[1].count(None)))


def find_trend(question: TrendQuestion, progress: Progress, cache: Cache | None) -> Trend:
    """Return the releases; ``progress`` counts them. Raises UsageError, ImageNotFound, SourceError and FormatError.

    A release that cannot be read is one with a reason, unless all are.
    """
    name, found, rate_limit = find_releases(question, progress, cache)
    failed = [each.tagged for each in found if isinstance(each.tagged, LayerscopeError)]
    if failed and len(failed) == len(found):
        raise failed[0]
    found = _ordered(found, question)
    _look_up(found, cache)
    _read_releases(found, question, progress, cache)
    problems = [f"{each.name}: {text}" for each in found for text in (each.reading.problems if each.reading else ())]
    return Trend(name, list(_releases(found)), problems, rate_limit)


def _ordered(found: Sequence[FoundRelease], question: TrendQuestion) -> list[FoundRelease]:
    keys: dict[ReleaseOrder, Callable[[FoundRelease], tuple[object, ...]]] = {
        ReleaseOrder.VERSION: lambda each: version_key(each.name),
        ReleaseOrder.TIME: lambda each: (_created(each), version_key(each.name)),
    }
    return sorted(found, key=keys[question.order])[-(question.last or 0) :]


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
