"""Images of a local engine, exported by name to a temporary archive as ``docker save`` does.

https://docs.docker.com/reference/api/engine/; podman implements the same API.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.span import FileSpan
from layerscope.sources.engine import podman_command
from layerscope.sources.engine.endpoints import Endpoint, endpoints
from layerscope.sources.engine.reference import PODMAN, EngineReference
from layerscope.sources.image.name import ImageName
from layerscope.sources.stream.spool import Spool
from layerscope.text import printable_line, short_name

if TYPE_CHECKING:
    from docker import APIClient

_CHUNK = 1024 * 1024
_TIMEOUT_SECONDS = 30
_MOST_TAGS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Export:
    """An exported image, and the engine that exported it."""

    engine: str
    archive: FileSpan


def export(reference: EngineReference, spool: Spool) -> Export:
    """Return the archive of an image, from the first engine that has it.

    Raises ImageNotFound if no engine that answers has it, EngineUnavailable if none answers, and SourceError if the
    export fails.
    """
    answers: list[str] = []
    refusals: list[str] = []
    for endpoint in endpoints(reference.engine):
        try:
            with connected(endpoint) as client:
                name, size = _look_up(client, endpoint, reference.name)
                chunks = _chunks(client, endpoint, name)
                return Export(endpoint.engine, spool.chunks(chunks, f"the image {short_name(reference.name)}", size))
        except EngineUnavailable as error:
            refusals.append(str(error))
        except ImageNotFound as error:
            answers.append(str(error))
    if answers:
        raise ImageNotFound(" and ".join(answers))
    if reference.engine == PODMAN and podman_command.is_usable():
        return Export(PODMAN, podman_command.save(reference.name, spool))
    engines = f"no {reference.engine} engine" if reference.engine else "no container engine"
    raise EngineUnavailable(f"{engines} answers (tried {'; '.join(refusals)})")


@contextmanager
def connected(endpoint: Endpoint) -> Iterator["APIClient"]:
    """Connect to an engine; raises EngineUnavailable, also if a request in the block fails."""
    refusal = endpoint.refusal()
    if refusal is not None:
        raise EngineUnavailable(f"{endpoint}: {refusal}")
    from docker.errors import DockerException  # noqa: PLC0415  # the SDK takes 186 ms to import
    from requests.exceptions import RequestException  # noqa: PLC0415

    try:
        with closing(_client(endpoint)) as client:
            yield client
    except (DockerException, RequestException) as error:
        raise EngineUnavailable(f"{endpoint}: {_cause(error)}") from error


def _client(endpoint: Endpoint) -> "APIClient":
    from docker import APIClient  # noqa: PLC0415
    from docker.tls import TLSConfig  # noqa: PLC0415

    options: dict[str, Any] = {}
    if endpoint.tls_folder is not None:
        ca, cert, key = (endpoint.tls_folder / f"{name}.pem" for name in ("ca", "cert", "key"))
        options["tls"] = TLSConfig(
            client_cert=(str(cert), str(key)) if cert.exists() else None,
            ca_cert=str(ca) if ca.exists() else None,
            verify=endpoint.tls_verify,
        )
    return APIClient(endpoint.host, version="auto", timeout=_TIMEOUT_SECONDS, **options)


def _cause(error: Exception) -> str:
    """Return the engine's own explanation, else the error of the connection, in one line."""
    return short_name(printable_line(str(getattr(error, "explanation", None) or error)))


def _look_up(client: "APIClient", endpoint: Endpoint, name: str) -> tuple[str, int | None]:
    """Return the name to export and the approximate size of the image; raises ImageNotFound."""
    from docker.errors import NotFound  # noqa: PLC0415

    try:
        facts = client.inspect_image(name)
    except NotFound as error:
        raise ImageNotFound(f"{endpoint.engine} has no image {short_name(name)}{_others(client, name)}") from error
    return _exported_name(name, facts), facts.get("Size") or None


def _exported_name(name: str, facts: dict[str, Any]) -> str:
    """Return the name to export an image by: for one without a tag, an engine exports all tags of the repository."""
    parsed = ImageName.parse(name)
    tags = facts.get("RepoTags") or []
    if parsed is None or parsed.tag or parsed.digest:
        is_id = name.startswith("sha256:")
    else:
        is_id = parsed.full not in [other.full for tag in tags if (other := ImageName.parse(tag))]
    if is_id:
        return tags[0] if tags else name
    return name if parsed and (parsed.tag or parsed.digest) else f"{name}:latest"


def _others(client: "APIClient", name: str) -> str:
    """Return a hint that lists the other tags of the repository."""
    parsed = ImageName.parse(name)
    if parsed is None:
        return ""
    tags = [tag for image in client.images() for tag in image.get("RepoTags") or ()]
    same = [tag for tag in tags if (other := ImageName.parse(tag)) and other.repository == parsed.repository]
    return f" (it has {', '.join(map(short_name, sorted(same)[:_MOST_TAGS_NAMED]))})" if same else ""


def _chunks(client: "APIClient", endpoint: Endpoint, name: str) -> Iterator[bytes]:
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    client.timeout = None  # an engine may prepare a large image for minutes before it sends the first byte
    try:
        yield from client.get_image(name, _CHUNK)
    except (DockerException, RequestException) as error:
        raise SourceError(f"the export of {short_name(name)} from {endpoint} failed: {_cause(error)}") from error
