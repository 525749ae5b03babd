"""The releases of one image where they are: tags of a registry or of a local engine, or archives."""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.content import needed_of_file
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.sizes import PACKAGES, package_sizes
from layerscope.analysis.search.globs import name_pattern
from layerscope.analysis.size.live import live_files
from layerscope.cache.cache import Cache
from layerscope.errors import AmbiguousImage, ImageNotFound, LayerscopeError, ReadingStopped, SourceError, UsageError
from layerscope.model.content_facts import ContentNeeds
from layerscope.model.documents import Digest, ImageConfig
from layerscope.model.engine import Engine
from layerscope.model.image import Image, Layer, Step
from layerscope.model.local import LayeredImage
from layerscope.model.progress import Progress
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.loaded_image import LoadedImage, present_node
from layerscope.session.local.listing import layered_images, tags_of
from layerscope.session.open import open_images, open_or_choose
from layerscope.session.tags import Tagged, tagged_images, version_key
from layerscope.sources.image.name import ImageName
from layerscope.sources.request import REGISTRY, STANDARD_INPUT, parse_reference, parse_transport
from layerscope.sources.tar.content_taker import HashedSizes
from layerscope.text import short_name


class ReleaseOrder(StrEnum):
    """The orders of releases, the oldest first."""

    VERSION = "version"
    TIME = "time"


class TrendQuestion(Struct, frozen=True):
    """A question about the releases in a registry, in the local engines, or in archives.

    ``match`` is a glob for tags, of which the ``last`` are taken. ``deep``: layers that are not known are read, as for
    the size of a ``path`` and of a ``package``.
    """

    references: Sequence[str]
    match: str = ""
    order: ReleaseOrder = ReleaseOrder.VERSION
    last: int | None = None
    deep: bool = False
    path: str | None = None
    package: str | None = None
    platform: str | None = None
    engine: Engine | None = None

    @property
    def reads_files(self) -> bool:
        """True if the trees of the images are needed."""
        return self.path is not None or self.package is not None

    def chosen(self, names: Iterable[str]) -> list[str]:
        """Return the tags that match, by version; the last ones only if no later order decides which these are."""
        pattern = name_pattern(self.match or "*")
        found = sorted(filter(lambda name: pattern.match(name.encode("utf-8", "replace")), names), key=version_key)
        return found[-self.last :] if self.last and self.order is ReleaseOrder.VERSION else found


class PathSize(Struct, frozen=True):
    """The bytes at and below a path, and the layer that last wrote it."""

    size: int
    layer: int


class PackageRelease(Struct, frozen=True):
    """A package in a release: its versions, and the bytes of its files."""

    version: str
    size: int


class Reading(Struct):
    """The content size of each layer, None where one is unknown, and what was asked for of the files."""

    sizes: Sequence[int | None] = ()
    path: PathSize | None = None
    package: PackageRelease | None = None
    problems: Sequence[str] = ()


_UNKNOWN: Sequence[int | None] = (None,)


class FoundRelease(Struct):
    """A release before it is measured; ``stated`` are the sizes of its layers as an engine counts them.

    The layers of an archive are read while it ``is_open``.
    """

    name: str
    request: ImageRequest
    tagged: Tagged | LayerscopeError
    reading: Reading | None = None
    stated: Sequence[int] = ()
    is_open: bool = False

    @property
    def image(self) -> Image | None:
        return None if isinstance(self.tagged, LayerscopeError) else self.tagged[1]

    def measures(self, image: Image) -> Iterator[Sequence[int] | None]:
        """Yield the sizes of the layers: of their content, of their blobs, and as the engine counts them."""
        for sizes in (
            self.reading.sizes if self.reading else _UNKNOWN,
            [layer.blob_size for layer in image.layers],
            self.stated or _UNKNOWN,
        ):
            known = [size for size in sizes if size is not None]
            yield known if len(known) == len(sizes) else None


class FoundReleases(NamedTuple):
    """The name of an image, and its releases; ``left_out`` tags of a registry, which may have a limit, are not read."""

    name: str
    releases: Sequence[FoundRelease]
    rate_limit: int | None = None
    left_out: int = 0


def fetch_size(releases: Iterable[FoundRelease]) -> int:
    """Return the bytes that reading the layers of releases fetches from a registry, those that they share once."""
    layers = (layer for each in releases if each.image for layer in each.image.layers)
    unread = {layer.digest: layer.blob_size for layer in layers if layer.blob is None and not layer.verified}
    return sum(size or 0 for digest, size in unread.items() if digest is not None)


def find_releases(question: TrendQuestion, progress: Progress, cache: Cache | None) -> FoundReleases:
    """Return the releases of an image; raises as `find_trend` does. One that cannot be read has a reason."""
    name, *others = question.references
    wanted = None if others or os.path.lexists(name) or parse_transport(name) else parse_reference(name)
    if name.startswith(REGISTRY) and not others:
        repository = tagged_images(name, question.chosen, progress, question.platform, cache)
        title = repository.title
        requests = (ImageRequest(f"{REGISTRY}{title}:{tag}", None, question.platform) for tag in repository.tags)
        found = list(map(FoundRelease, repository.tags, requests, repository.images))
        return FoundReleases(title, found, repository.rate_limit, repository.left_out)
    if wanted is not None:
        return _in_engine(wanted.name, question, wanted.engine or question.engine)
    found = _in_archives(question, progress, cache)
    return FoundReleases(_common_repository(found) or ", ".join(question.references), found)


def _in_engine(name: str, question: TrendQuestion, engine: Engine | None) -> FoundReleases:
    """Return the tags of a repository in the first engine that has any, and the name of that with its engine."""
    parsed = ImageName.parse(name)
    if parsed is None or parsed.tag or parsed.digest:
        raise UsageError(f"{short_name(name)} is one image: name it without a tag")
    listing = layered_images(engine, parsed.repository)
    if not listing.found:
        refused = f" ({'; '.join(listing.refusals)})" if listing.refusals else ""
        listing.checked()
        raise ImageNotFound(
            f"no file or folder is named {short_name(name)}, and no engine has images of that name{refused};"
            f" layerscope trend {REGISTRY}{short_name(name)} asks its registry"
        )
    first = min((each.image.engine for each in listing.found), key=list(Engine).index)
    tagged = {
        tag: each
        for each in listing.found
        if each.image.engine is first
        for tag in tags_of(each.image.tags, parsed.repository)
    }
    by_name = {(ImageName.parse(tag) or parsed).tag or "latest": (tag, each) for tag, each in tagged.items()}
    found = list[FoundRelease]()
    for version in question.chosen(by_name):
        tag, each = by_name[version]
        space = f"{each.image.namespace}/" if each.image.namespace else ""
        request = ImageRequest(f"{first}://{space}{tag}", None, question.platform)
        stated = [layer.size for layer in each.layers]
        found.append(FoundRelease(version, request, (None, _described(request.reference, each)), stated=stated))
    return FoundReleases(f"{first}://{parsed.repository}", found)


def _described(reference: str, local: LayeredImage) -> Image:
    """Return an image as its engine describes it; the engine has checked the diff_ids."""
    layers, steps, created = list[Layer](), list[Step](), local.image.created
    for number, each in enumerate(local.layers, 1):
        try:
            layers.append(Layer(number, None, None, diff_id=Digest.parse(each.diff_id), verified=True))
        except ValueError:
            layers.append(Layer(number, None, None))
        steps.append(Step(each.instruction, layer=number))
    time = None if created is None else datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Image(reference, local.image.engine, ImageConfig(created=time), tuple(layers), tuple(steps))


def _in_archives(question: TrendQuestion, progress: Progress, cache: Cache | None) -> list[FoundRelease]:
    """Return the images of the archives, whose layers are read at once: standard input comes only once."""
    found = list[FoundRelease]()
    for done, reference in enumerate(question.references):
        progress(done, len(question.references))
        found += _in_archive(ImageRequest(reference, None, question.platform, question.engine), question, cache)
    for each, label in zip(found, _labels(found), strict=True):
        each.name = label
    names = set(question.chosen(each.name for each in found))
    return [each for each in found if each.name in names]


def _in_archive(request: ImageRequest, question: TrendQuestion, cache: Cache | None) -> Iterator[FoundRelease]:
    """Yield the image, or each that has a tag."""
    try:
        (session,) = open_images([request], None, cache)
    except AmbiguousImage as error:
        tags = _tags_in(request) if request.image is None and request.reference != STANDARD_INPUT else []
        if not tags:
            yield FoundRelease("", request, error)
        for tag in tags:
            yield from _in_archive(request._replace(image=tag), question, cache)
    except ReadingStopped:
        raise
    except LayerscopeError as error:
        # what a tag of a registry may well be, such as a chart, is wrong where an archive is named
        yield FoundRelease("", request, SourceError(str(error)))
    else:
        with session:
            image = session.image
            yield FoundRelease("", request, (image.digest, image), read_release(session, question), is_open=True)


def _tags_in(request: ImageRequest) -> list[str]:
    with open_or_choose(request.reference, engine=request.engine) as opened:
        return list(dict.fromkeys(tag for choice in opened.choices for tag in choice.tags))


def _labels(found: Sequence[FoundRelease]) -> list[str]:
    """Return a name for each image of archives: the shortest kind that tells them apart."""
    tags = [_tag(each) for each in found]
    files = [Path(each.request.reference).name or each.request.reference for each in found]
    names = [ImageName.parse(tag) for tag in tags]
    short = [name.tag if name and name.tag else tag or file for name, tag, file in zip(names, tags, files, strict=True)]
    whole = [tag or file for tag, file in zip(tags, files, strict=True)]
    for labels in (short, whole, files):
        if len(set(labels)) == len(labels):
            return labels
    return [f"{each.request.reference} {tag}".rstrip() for each, tag in zip(found, tags, strict=True)]


def _tag(found: FoundRelease) -> str:
    image = found.image
    return (image and (image.requested_tag or next(iter(image.tags), ""))) or found.request.image or ""


def _common_repository(found: Sequence[FoundRelease]) -> str | None:
    """Return the repository that the tags of all images name, None if there is none, or several."""
    names = {name.repository if name and name.tag else None for name in map(ImageName.parse, map(_tag, found))}
    return names.pop() if len(names) == 1 else None


def read_release(session: ImageSession, question: TrendQuestion) -> Reading:
    """Read the layers of an open image, and what is asked for of its files."""
    reading = Reading()
    if question.reads_files:
        needs = None if question.package is None else ContentNeeds(HashedSizes(0), needed_of_file([PACKAGES]))
        loaded = session.load(needs)
        reading.path = None if question.path is None else _path_size(loaded, question.path)
        reading.package = None if question.package is None else _package(loaded, question.package)
    tallies = [session.tallies.layers[layer.number] for layer in session.image.layers]
    reading.sizes = [tally.content_size for tally in tallies]
    reading.problems = [f"layer {tally.layer} cannot be read whole: {tally.error}" for tally in tallies if tally.error]
    return reading


def _path_size(loaded: LoadedImage, path: str) -> PathSize | None:
    last = len(loaded.image.layers)
    try:
        node = present_node(loaded, path, last)
    except UsageError:
        return None
    index = loaded.tree.index
    return PathSize(loaded.tree.size(node, last), index.layers[index.occurrence(node, last)] if node else last)


def _package(loaded: LoadedImage, name: str) -> PackageRelease | None:
    files = FinalFiles(loaded.tree, live_files(loaded.tree), loaded.contents.prefixes, len(loaded.image.layers))
    named = [each for each in package_sizes(files).packages if each.package.name == name]
    versions = dict.fromkeys(each.package.version for each in named)
    return PackageRelease(", ".join(versions), sum(each.size for each in named)) if named else None
