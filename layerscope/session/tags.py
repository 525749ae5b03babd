"""The tags of a repository in a registry, in the order of versions, and what pulling each of them costs."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from layerscope.analysis.search.query import parse_query
from layerscope.cache.cache import Cache
from layerscope.errors import ImageNotFound, LayerscopeError, ReadingStopped, UnsupportedFormat, UsageError
from layerscope.model.documents import Digest
from layerscope.model.image import Image, Layer, known_sum
from layerscope.model.progress import Progress
from layerscope.session.kept_image import KeptImages
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.hosts import RegistryName, parse_registry_name
from layerscope.sources.registry.remote import TooManyRequests
from layerscope.sources.registry.source import tagged_image
from layerscope.sources.request import REGISTRY
from layerscope.text import short_name

T = TypeVar("T")

Tagged = tuple[Digest | None, Image]
"""The digest of a tag's manifest or index, and its image for the platform."""

_CONNECTIONS = 6

_VERSION_PART = re.compile(r"[0-9]+|[^\W0-9_]+")
_PRE_RELEASE = re.compile(r"a|alpha|b|beta|rc|dev|pre|preview|snapshot")
_ANNOUNCED, _END, _WORD, _NUMBER = range(4)
"""The order of what may follow the same start: ``1.0-rc1``, ``1.0``, ``1.0-alpine``, ``1.0.1``."""


class Tag(Struct, frozen=True):
    """A tag with the figures of its image; they are None if unused, or if there is no image for the ``reason``.

    ``digest`` is that of the manifest or the index, ``pull_size`` the bytes of the layers that the image of the
    previous tag does not have. ``is_broken`` tags should have an image.
    """

    name: str
    digest: Digest | None = None
    created: str | None = None
    blob_size: int | None = None
    layers: int | None = None
    pull_size: int | None = None
    reason: str | None = None
    is_broken: bool = False


class TagListing(Struct, frozen=True):
    """The tags of the ``repository``, and the requests that are left of the registry's limit, if it states one."""

    repository: str
    tags: Sequence[Tag]
    rate_limit: int | None


def list_tags(
    reference: str,
    text: str,
    progress: Progress,
    *,
    sizes: bool,
    platform: str | None,
    cache: Cache | None,
    limit: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> TagListing:
    """Return the tags of ``registry://HOST/NAME`` that match a filter, those of newer versions last.

    The ``limit`` chooses among them. With ``sizes``, the documents of each are read, several at a time; ``progress``
    counts tags. Raises UsageError, ImageNotFound and SourceError.
    """
    query = parse_query(text)
    if not reference.startswith(REGISTRY):
        raise UsageError(f"tags are listed from a registry: write {REGISTRY}HOST/NAME, not {short_name(reference)}")

    def choose(tags: Iterable[str]) -> Iterable[str]:
        return limit(sorted((tag for tag in tags if query is None or query.matches(tag)), key=version_key))

    repository = tagged_images(reference, choose, progress, platform, cache, reads=sizes)
    tags = measured(repository.tags, repository.images) if sizes else map(Tag, repository.tags)
    return TagListing(repository.title, list(tags), repository.rate_limit)


class Repository(NamedTuple):
    """The chosen tags of a repository, with their images if these were read; ``left_out`` others were not chosen."""

    title: str
    tags: Sequence[str]
    images: Sequence[Tagged | LayerscopeError]
    rate_limit: int | None
    left_out: int


def tagged_images(
    reference: str,
    choose: Callable[[Iterable[str]], Iterable[str]],
    progress: Progress,
    platform: str | None,
    cache: Cache | None,
    *,
    reads: bool = True,
) -> Repository:
    """Return the tags of ``registry://HOST/NAME`` that are chosen, and their images; raises as `list_tags` does."""
    name = parse_registry_name(reference.removeprefix(REGISTRY))
    if name.digest is not None or reference.endswith(f":{name.tag}"):
        raise UsageError(f"{short_name(reference)} is one image: its repository is {REGISTRY}{short_name(name.title)}")
    progress(0, None)
    with RegistryClient(name) as client:
        listed = dict.fromkeys(client.tags())
        tags = list(choose(listed))
        with closing(_images(client, tags, platform, cache, progress)) as images:
            read = list(images) if reads else []
            return Repository(name.title, tags, read, client.rate_limit, len(listed) - len(tags))


def registry_images(
    host: str, names: Iterable[str] | None, matches: Callable[[str], bool], progress: Progress
) -> list[str]:
    """Return a reference to each image of a registry whose ``NAME:TAG`` matches, in the order of names and versions.

    The repositories are those of its catalog, unless ``names`` has repositories or images. Raises UsageError,
    ImageNotFound and SourceError.
    """
    if names is None:
        with RegistryClient(RegistryName(parse_registry_name(f"{host}/catalog").host, "")) as client:
            names = list(client.repositories())
    wanted = [(name, parse_registry_name(f"{host}/{name}")) for name in names]
    images = [f"{REGISTRY}{each}" for name, each in wanted if _is_image(name) and matches(str(each).partition("/")[2])]
    repositories = [each for name, each in wanted if not _is_image(name)]
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for done, (name, tags) in enumerate(zip(repositories, pool.map(_tags, repositories), strict=True), 1):
            progress(done, len(repositories))
            tagged = [f"{name.repository}:{tag}" for tag in sorted(tags, key=version_key)]
            images += [f"{REGISTRY}{name.host}/{each}" for each in tagged if matches(each)]
    return images


def _is_image(name: str) -> bool:
    return ":" in name.rpartition("/")[2] or "@" in name


def _tags(name: RegistryName) -> list[str]:
    """Return the tags of a repository; one of a catalog may be gone, or have no tag."""
    with RegistryClient(name) as client, suppress(ImageNotFound):
        return list(dict.fromkeys(client.tags()))
    return []


def version_key(tag: str) -> tuple[object, ...]:
    """Return what orders tags as people do: versions first, numbers by value, a release after its candidates."""
    parts = list[tuple[int, int, str]]()
    for part in _VERSION_PART.findall(tag.lower()):
        if part.isdecimal():
            digits = part.lstrip("0")
            parts.append((_NUMBER, len(digits), digits))
        elif parts or part != "v":
            parts.append((_ANNOUNCED if _PRE_RELEASE.fullmatch(part) else _WORD, 0, part))
    is_version = bool(parts) and parts[0][0] == _NUMBER
    return not is_version, [*parts, (_END, 0, "")], tag


def measured(names: Sequence[str], images: Iterable[Tagged | LayerscopeError]) -> Iterator[Tag]:
    """Yield the tags with the figures of their images, or with the reasons why there are none."""
    previous: Mapping[Digest | None, int | None] = {}
    for name, found in zip(names, images, strict=True):
        if isinstance(found, LayerscopeError):
            yield Tag(name, reason=str(found), is_broken=not isinstance(found, UnsupportedFormat))
            continue
        digest, image = found
        blobs = {layer.digest or layer.diff_id: _pull_size(layer) for layer in image.layers}
        pull_size = known_sum(size for blob, size in blobs.items() if blob not in previous)
        yield Tag(name, digest, image.config.created, image.blob_size, len(image.layers), pull_size)
        previous = blobs


def _pull_size(layer: Layer) -> int | None:
    """Return the bytes that a pull takes: in a registry those of the blob, whose compression is not known yet."""
    return layer.blob_size if layer.compression is None else layer.pull_size


class _Attempts:
    """Attempts of several threads. None is made once the registry has refused one for longer than layerscope waits."""

    def __init__(self) -> None:
        self._refusal: LayerscopeError | None = None

    def __call__(self, work: Callable[[], T]) -> T | LayerscopeError:
        """Return what the work returns or raises; raises ReadingStopped."""
        if self._refusal is not None:
            return self._refusal
        try:
            return work()
        except ReadingStopped:
            raise
        except TooManyRequests as error:
            self._refusal = error
            return error
        except LayerscopeError as error:
            return error


def _images(
    client: "RegistryClient", names: Sequence[str], platform: str | None, cache: Cache | None, progress: Progress
) -> Generator[Tagged | LayerscopeError]:
    """Yield the image of each tag; to end this early ends all requests. An image of several tags is read once."""
    known = None if cache is None else KeptImages(cache, platform)
    attempt = _Attempts()

    def read(name: str, head: Digest | LayerscopeError | None) -> Tagged | LayerscopeError:
        if isinstance(head, LayerscopeError):
            return head
        wanted = replace(client.name, tag=None if head else name, digest=head)
        return attempt(lambda: tagged_image(client, wanted, platform, known))

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        try:
            progress(0, len(names))
            heads = pool.map(attempt, [partial(client.head, name) for name in names])
            keys = list[object]()
            images: dict[object, Future[Tagged | LayerscopeError]] = {}
            for name, head in zip(names, heads, strict=True):
                keys.append(head or name)
                if keys[-1] not in images:
                    images[keys[-1]] = pool.submit(read, name, head)
            for done, key in enumerate(keys, 1):
                yield images[key].result()
                progress(done, len(names))
        finally:
            client.cancel()
            pool.shutdown(cancel_futures=True)
    if cache is not None:
        cache.shrink()
