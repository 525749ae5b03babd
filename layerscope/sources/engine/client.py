"""A client of the Docker Engine API, which podman's service answers as well.

A few requests over ``http.client``. The docker SDK takes 190 ms to import, has no timeout that suits an export, and
cannot ask for a platform. https://docs.docker.com/reference/api/engine/
"""

import http.client
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cached_property
from io import BufferedReader
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.engine import Engine
from layerscope.model.instruction import instruction_of
from layerscope.model.local import StoredLayer
from layerscope.sources.engine.endpoints import Endpoint
from layerscope.sources.engine.replies import (
    ContainerDetails,
    ContainerSummary,
    EngineHistoryLine,
    EngineInfo,
    EngineVersion,
    ImageDetails,
    ImageSummary,
    PathChange,
    layer_makers,
)
from layerscope.sources.engine.transport import CONNECT_SECONDS, Connection, open_connection
from layerscope.sources.store.docker_graph import chain_ids
from layerscope.text import human_size, printable_line, short_name

NEWEST_API = (1, 52)
"""The newest version of the API that this client was written for; an older engine is asked in its own version."""

_PLATFORM_API = (1, 48)

STREAM_SECONDS = 60.0
"""An export may take minutes to prepare; once bytes have come, a silence of this length ends it."""

_LIBPOD = "/v4.0.0/libpod"
"""Podman's own API, which later releases serve as well."""

_CHUNK = 1024 * 1024
"""Bytes that one call may receive."""

LARGEST_ANSWER = 64 * 1024 * 1024
_LONGEST_COMPLAINT = 64 * 1024
_OK, _NOT_FOUND = 200, 404

T = TypeVar("T")


class _Message(Struct, frozen=True):
    message: str = ""


class _Refused(EngineUnavailable):
    """An answer with an error."""


class EngineClient(AbstractContextManager["EngineClient"]):
    """One connection to an engine, opened by the first request. A context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._resources = ExitStack()
        self._http = _HTTP(endpoint, self._resources)

    @cached_property
    def version(self) -> EngineVersion:
        """The engine's version; raises EngineUnavailable, as every request does where the engine does not answer.

        ``/version`` says more, but podman counts its images for it, which waits for the lock of its store.
        """
        with self._answer("/_ping", CONNECT_SECONDS) as response:
            self._read(response)
            api = response.headers.get("Api-Version", "")
            is_podman = "Libpod-Api-Version" in response.headers
            return EngineVersion(api, Engine.PODMAN if is_podman else Engine.DOCKER)

    @property
    def engine(self) -> Engine:
        """The engine that answers: DOCKER_HOST may lead to podman."""
        return self.version.engine

    def info(self) -> EngineInfo:
        return self._get(f"{self._prefix}/info", EngineInfo)

    def images(self) -> list[ImageSummary]:
        """Return the images that the engine lists; podman states no shared sizes.

        Docker fails where an image is removed while it adds up what images share, so that it is asked twice.
        """
        path = f"{self._prefix}/images/json?shared-size=1"
        try:
            return self._get(path, list[ImageSummary])
        except _Refused:
            return self._get(path, list[ImageSummary])

    def image(self, name: str) -> ImageDetails:
        """Return the details of an image, by name, id or digest; raises ImageNotFound."""
        # podman's own answer says which lines of the history made a layer
        prefix = _LIBPOD if self.engine is Engine.PODMAN else self._prefix
        return self._get(f"{prefix}/images/{quote(name, safe='/:@')}/json", ImageDetails)

    def history(self, name: str) -> list[EngineHistoryLine]:
        return self._get(f"{self._prefix}/images/{quote(name, safe='/:@')}/history", list[EngineHistoryLine])

    def layers(self, image_id: str, *, sizes: bool = True) -> list[StoredLayer] | None:
        """Return the layers of an image, None where they are not known.

        Docker needs another request for sizes and instructions, which are left out without ``sizes``.
        """
        try:
            details = self.image(image_id)
            entries = details.podman_history
            lines = self.history(image_id)[::-1] if sizes or entries is not None else []
        except ImageNotFound:
            return None
        if entries is None:
            made = sorted(layer_makers(lines, len(details.diff_ids)))
        else:
            made = [number for number, entry in enumerate(entries[: len(lines)]) if not entry.empty_layer]
        makers = [lines[number] for number in made] or [EngineHistoryLine()] * len(details.diff_ids)
        return [
            StoredLayer(diff_id, chain_id, line.size, instruction_of(line.created_by))
            for diff_id, chain_id, line in zip(details.diff_ids, chain_ids(details.diff_ids), makers, strict=False)
        ]

    def containers(self) -> list[ContainerSummary]:
        """Return all containers, running or not, with the sizes of their writable layers."""
        return self._get(f"{self._prefix}/containers/json?all=1&size=1", list[ContainerSummary])

    def container(self, name: str, *, with_size: bool = False) -> ContainerDetails:
        """Return the details of a container, by name or id; raises ImageNotFound. Its size may take long to sum up."""
        query = "?size=1" if with_size else ""
        return self._get(f"{self._prefix}/containers/{quote(name, safe='')}/json{query}", ContainerDetails)

    def changes(self, container_id: str) -> list[PathChange]:
        """Return the paths that a container changed: of a removed folder only the top, of a changed one no contents."""
        return self._get(f"{self._prefix}/containers/{container_id}/changes", list[PathChange])

    def archive(self, container_id: str, path: str) -> AbstractContextManager[http.client.HTTPResponse]:
        """Open a tar of a path of a container and of all below; to leave early costs a new connection.

        Raises ImageNotFound where the path has gone.
        """
        query = urlencode({"path": path})
        return self._left_early(f"{self._prefix}/containers/{container_id}/archive?{query}")

    def exported_container(self, container_id: str) -> AbstractContextManager[http.client.HTTPResponse]:
        """Open a tar of the file system of a container, without what is mounted there."""
        return self._left_early(f"{self._prefix}/containers/{container_id}/export")

    @contextmanager
    def _left_early(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """Open an answer that need not be read to its end."""
        with self._answer(path, CONNECT_SECONDS) as response:
            self._http.wait_for(STREAM_SECONDS)
            try:
                yield response
            finally:
                if not response.isclosed():
                    self._http.close()

    @property
    def exports_platforms(self) -> bool:
        """True if `export` can be asked for one platform of an image, which engines can since Docker 28."""
        return self._api >= _PLATFORM_API

    def export(
        self, image_ids: Sequence[str], name: str, platform: tuple[str, str, str] | None = None
    ) -> Iterator[bytes]:
        """Yield images as ``docker save`` writes them; raises ImageNotFound, and SourceError where it ends early.

        An error calls them ``name``. Exporting by id shows the image that was looked up, even if its tag moves in
        between. ``platform`` is OS, architecture and variant.
        """
        one, *others = image_ids
        what = f"get?{urlencode({'names': image_ids}, doseq=True)}" if others else f"{quote(one, safe='/:@')}/get"
        if platform is not None:
            wanted = dict(zip(("os", "architecture", "variant"), platform, strict=True))
            what += f"?{urlencode({'platform': msgspec.json.encode(wanted).decode()})}"
        path = f"{self._prefix}/images/{what}"
        with self._answer(path, timeout=None) as response:
            try:
                # what has come, however little: the rest may take its time
                while chunk := response.read1(_CHUNK):
                    self._http.wait_for(STREAM_SECONDS)
                    yield chunk
            except (OSError, http.client.HTTPException) as error:
                cause = self._cause(error, STREAM_SECONDS)
                raise SourceError(f"cannot export {name} from {self.endpoint}: {cause}") from error

    def cancel(self) -> None:
        """End a request that another thread waits for, with an error there."""
        self._http.cancel()

    def close(self) -> None:
        """Close the connection, which also ends an export."""
        self._http.close()
        self._resources.close()

    def __exit__(self, *_exit: object) -> None:
        self.close()

    @cached_property
    def _prefix(self) -> str:
        """The path prefix of the API version to speak."""
        major, minor = self._api
        return f"/v{major}.{minor}"

    @cached_property
    def _api(self) -> tuple[int, int]:
        """The API version to speak; "auto" is never sent, since engines drop old versions."""
        major, _, minor = self.version.api.partition(".")
        if not (major.isdecimal() and minor.isdecimal()):
            name = short_name(printable_line(self.version.api)) or "none"
            raise EngineUnavailable(f"{self.endpoint}: invalid API version {name}")
        return min((int(major), int(minor)), NEWEST_API)

    def _get(self, path: str, kind: type[T]) -> T:
        with self._answer(path, CONNECT_SECONDS) as response:
            body = self._read(response)
        if len(body) > LARGEST_ANSWER:
            raise EngineUnavailable(f"{self.endpoint}: the answer to {path} exceeds {human_size(LARGEST_ANSWER)}")
        try:
            # Go writes an empty list as null
            return msgspec.json.decode(b"[]" if body.strip() == b"null" else body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise EngineUnavailable(f"{self.endpoint}: unexpected answer to {path}: {error}") from error

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read(LARGEST_ANSWER + 1)
        except (OSError, http.client.HTTPException) as error:
            raise EngineUnavailable(f"{self.endpoint}: {self._cause(error, CONNECT_SECONDS)}") from error

    def _answer(self, path: str, timeout: float | None) -> http.client.HTTPResponse:
        """Send a request and return the answer, with its body unread; raises ImageNotFound and EngineUnavailable."""
        try:
            self._http.request("GET", path)
            self._http.wait_for(timeout)
            response = self._http.getresponse()
            if response.status == _OK:
                return response
            with response:
                complaint = _complaint(response.read(_LONGEST_COMPLAINT)) or f"status {response.status}"
        except (OSError, http.client.HTTPException) as error:
            raise EngineUnavailable(f"{self.endpoint}: {self._cause(error, timeout)}") from error
        if response.status == _NOT_FOUND:
            raise ImageNotFound(f"{self.endpoint}: {complaint}")
        raise _Refused(f"{self.endpoint}: {complaint}")

    def _cause(self, error: Exception, timeout: float | None) -> str:
        if said := self._http.complaint():
            return short_name(printable_line(said))
        if isinstance(error, TimeoutError):
            return f"no answer within {timeout or CONNECT_SECONDS:.0f} seconds"
        if isinstance(error, OSError) and error.strerror:
            return error.strerror.lower()
        return "the connection was closed early"


class _Response(http.client.HTTPResponse):
    """An answer with a larger buffer: http.client's own takes several calls for each of Docker's chunks of 32 kB."""

    def __init__(self, connection: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(connection, debuglevel, method)
        self.fp.close()
        self.fp = BufferedReader(connection.makefile("rb", 0), _CHUNK)


class _HTTP(http.client.HTTPConnection):
    """HTTP over whatever leads to the engine; proxies, which http.client knows nothing of, are never used."""

    response_class = _Response

    def __init__(self, endpoint: Endpoint, resources: ExitStack) -> None:
        super().__init__("localhost")
        self._endpoint = endpoint
        self._resources = resources
        self._connection: Connection | None = None
        self._is_cancelled = False

    def connect(self) -> None:
        """Open a new connection, when there is none or the engine has closed the last one."""
        self._connection = open_connection(self._endpoint, self._resources)
        self.sock = self._connection.socket
        if self._is_cancelled:
            raise ConnectionAbortedError

    def wait_for(self, seconds: float | None) -> None:
        """Set how long the next byte may take."""
        if self.sock is not None:
            self.sock.settimeout(seconds)

    def cancel(self) -> None:
        """Wake the thread that waits for bytes, which closing the socket would not."""
        # set first: a thread that is about to connect looks at it afterwards
        self._is_cancelled = True
        if self._connection is not None:
            with suppress(OSError):
                self._connection.socket.shutdown(socket.SHUT_RDWR)

    def complaint(self) -> str:
        """Return what a program between said last, or nothing."""
        return self._connection.complaint() if self._connection else ""


def _complaint(body: bytes) -> str:
    """Return the message of an error, as the engine words it."""
    try:
        message = msgspec.json.decode(body, type=_Message).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = body.decode("utf-8", "replace")
    return short_name(printable_line(message.strip()))
