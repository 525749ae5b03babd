"""Images of a local engine, exported to a temporary archive as ``docker save`` does.

https://docs.docker.com/reference/api/engine/; podman implements the same API.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from msgspec import Struct

from layerscope.errors import DigestMismatch, EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.candidate import Candidate
from layerscope.model.image import Image
from layerscope.model.span import FileSpan
from layerscope.sources.engine import podman_command
from layerscope.sources.engine.connection import FAILURES, Connection, connected, failure_reason
from layerscope.sources.engine.endpoints import Endpoint, endpoints
from layerscope.sources.engine.inspected import Inspected, tags_named_first, tags_of
from layerscope.sources.engine.reference import PODMAN, EngineReference
from layerscope.sources.image.name import ImageName
from layerscope.sources.stream.spool import Spool
from layerscope.text import short_name

_MOST_TAGS_NAMED = 5


class _Tagged(Struct, frozen=True, rename="pascal"):
    repo_tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """An exported image, the engine that exported it, and its id and tags there, the requested tag first."""

    engine: str
    archive: FileSpan
    image_id: str
    tags: tuple[str, ...]


def export(reference: EngineReference, spool: Spool) -> Export:
    """Return the archive of an image, from the first engine that has it.

    Raises ImageNotFound if no engine that answers has it, EngineUnavailable if none answers, and SourceError if the
    export fails.
    """
    answers: list[str] = []
    refusals: list[str] = []
    for endpoint in endpoints(reference.engine):
        try:
            with connected(endpoint) as connection:
                return _export(connection, endpoint, reference.name, spool)
        except EngineUnavailable as error:
            refusals.append(str(error))
        except ImageNotFound as error:
            answers.append(str(error))
    if answers:
        raise ImageNotFound(" and ".join(answers))
    if reference.engine == PODMAN and podman_command.is_usable():
        image = podman_command.inspect(reference.name)
        archive = podman_command.save(reference.name, image.id, spool)
        return _exported(PODMAN, archive, image, reference.name)
    engines = f"no {reference.engine} engine" if reference.engine else "no container engine"
    raise EngineUnavailable(f"{engines} answers (tried {'; '.join(refusals)})")


def _export(connection: Connection, endpoint: Endpoint, name: str, spool: Spool) -> Export:
    """Export the image by its id: a tag may be moved to another image after it was looked up."""
    image = connection.document("/images/{}/json", Inspected, name)
    if image is None:
        raise ImageNotFound(f"{endpoint.engine} has no image {short_name(name)}{_other_tags(connection, name)}")
    chunks = _chunks(connection, endpoint, name, image.id)
    archive = spool.chunks(chunks, f"the image {short_name(name)}", image.size or None)
    return _exported(endpoint.engine, archive, image, name)


def _exported(engine: str, archive: FileSpan, image: Inspected, name: str) -> Export:
    return Export(engine, archive, image.id, tags_named_first(tags_of(image.repo_tags), name))


def _other_tags(connection: Connection, name: str) -> str:
    """Return a hint that lists the other tags of the repository."""
    parsed = ImageName.parse(name)
    if parsed is None:
        return ""
    tags = [tag for image in connection.document("/images/json", list[_Tagged]) or () for tag in image.repo_tags or ()]
    same = [tag for tag in tags if (other := ImageName.parse(tag)) and other.repository == parsed.repository]
    return f" (it has {', '.join(map(short_name, sorted(same)[:_MOST_TAGS_NAMED]))})" if same else ""


def _chunks(connection: Connection, endpoint: Endpoint, name: str, image_id: str) -> Iterator[bytes]:
    try:
        yield from connection.chunks("/images/{}/get", image_id)
    except EngineUnavailable as error:
        raise SourceError(f"the export of {short_name(name)} failed: {error}") from error
    except FAILURES as error:
        reason = failure_reason(error)
        raise SourceError(f"the export of {short_name(name)} from {endpoint} failed: {reason}") from error


def exported_image(candidates: Sequence[Candidate], exported: Export) -> tuple[Candidate, ...]:
    """Return the images of the archive that have the requested id, with the tags that the engine states.

    An archive by id has no tags. Raises DigestMismatch if none has the id.
    """
    matching = [candidate for candidate in candidates if _has_id(candidate, exported.image_id)]
    if not matching:
        raise DigestMismatch(f"{exported.engine} exported another image than {short_name(exported.image_id)}")
    return tuple(
        replace(candidate, tags=exported.tags, build=partial(_build_tagged, candidate, exported.tags))
        for candidate in matching
    )


def _has_id(candidate: Candidate, image_id: str) -> bool:
    encoded = image_id.removeprefix("sha256:")
    digests = (candidate.config_digest, candidate.digest, *candidate.indexes)
    return any(digest is not None and digest.encoded == encoded for digest in digests)


def _build_tagged(candidate: Candidate, tags: tuple[str, ...]) -> Image:
    return replace(candidate.build(), tags=tags)
