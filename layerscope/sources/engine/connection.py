"""HTTP requests to a container engine, over a Unix socket, TCP, TLS or ssh.

https://docs.docker.com/reference/api/engine/; podman implements the same API. The docker SDK takes 186 ms to import and
needs paramiko for ssh.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from layerscope.errors import EngineUnavailable, os_reason
from layerscope.sources.engine.endpoints import SSH, UNIX, Endpoint
from layerscope.sources.engine.ssh import SshTunnel
from layerscope.text import printable_line, short_name

T = TypeVar("T")

_NEWEST_API = (1, 52)
"""The newest version of the API that is spoken; an older engine states its own."""

_CONNECT_SECONDS = 10.0
_REPLY_SECONDS = 30.0
_CHUNK = 1024 * 1024
_LARGEST_REPLY = 64 * 1024 * 1024
_OK = range(200, 300)
_NOT_FOUND = 404
_PORTS = {"tcp": 2375, "http": 80, "https": 443}
_TLS_PORT = 2376

FAILURES = (OSError, EOFError, HTTPException, ValueError)
"""Errors of a connection; ValueError comes from an invalid address."""


class _Version(Struct, frozen=True, rename="pascal"):
    api_version: str = ""


class _Message(Struct, frozen=True):
    message: str = ""


class _Http(HTTPConnection):
    """An HTTP connection over any kind of socket."""

    def __init__(self, open_socket: Callable[[], socket.socket]) -> None:
        super().__init__("engine")
        self._open_socket = open_socket

    def connect(self) -> None:
        """Connect to the engine; http.client calls it before a request if there is no connection."""
        self.sock = self._open_socket()


class Connection:
    """A connection to one engine."""

    def __init__(self, endpoint: Endpoint, http: HTTPConnection) -> None:
        self._endpoint = endpoint
        self._http = http
        self._prefix = ""

    def negotiate(self) -> None:
        """Choose the version of the API: the engine's, but none that is newer than the newest known."""
        version = self.document("/version", _Version)
        major, _, minor = (version.api_version if version else "").partition(".")
        if not (major.isdecimal() and minor.isdecimal()):
            raise self._unexpected("/version", "it states no version")
        self._prefix = "/v{}.{}".format(*min((int(major), int(minor)), _NEWEST_API))

    def document(self, path: str, kind: type[T], name: str = "") -> T | None:
        """Return the document at the path, in which ``{}`` stands for a name; None if the engine has no such object.

        Raises EngineUnavailable if the reply is not such a document.
        """
        with self._get(path, name, _REPLY_SECONDS) as response:
            if response.status == _NOT_FOUND:
                response.read(_CHUNK)
                return None
            data = response.read(_LARGEST_REPLY)
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._unexpected(path, str(error)) from error

    def chunks(self, path: str, name: str) -> Iterator[bytes]:
        """Yield the bytes at the path, however long the engine takes to prepare them."""
        with self._get(path, name, None) as response:
            if response.status == _NOT_FOUND:
                raise self._refused(response)
            while chunk := response.read1(_CHUNK):
                yield chunk
            if response.length:
                raise EOFError(f"the connection was closed {response.length:,} bytes early")

    def _get(self, path: str, name: str, seconds: float | None) -> HTTPResponse:
        if self._http.sock is None:
            self._http.connect()
        self._http.sock.settimeout(seconds)
        self._http.request("GET", self._prefix + path.format(quote(name, safe="")))
        response = self._http.getresponse()
        if response.status in _OK or response.status == _NOT_FOUND:
            return response
        with response:
            raise self._refused(response)

    def _refused(self, response: HTTPResponse) -> EngineUnavailable:
        """Return the error with the engine's own explanation."""
        try:
            message = msgspec.json.decode(response.read(_CHUNK), type=_Message).message
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            message = ""
        return EngineUnavailable(f"{self._endpoint}: {_one_line(message or response.reason)}")

    def _unexpected(self, path: str, reason: str) -> EngineUnavailable:
        return EngineUnavailable(f"{self._endpoint}: unexpected reply to {path.partition('?')[0]}: {_one_line(reason)}")


@contextmanager
def connected(endpoint: Endpoint) -> Iterator[Connection]:
    """Connect to an engine; raises EngineUnavailable, also if a request in the block fails."""
    refusal = endpoint.refusal()
    if refusal is not None:
        raise EngineUnavailable(f"{endpoint}: {refusal}")
    with ExitStack() as stack:
        tunnel = stack.enter_context(closing(SshTunnel(endpoint))) if endpoint.host.startswith(SSH) else None
        http = _Http(tunnel.open if tunnel else lambda: _open_socket(endpoint))
        stack.enter_context(closing(http))
        try:
            connection = Connection(endpoint, http)
            connection.negotiate()
            yield connection
        except FAILURES as error:
            reason = (tunnel.complaint() if tunnel else "") or failure_reason(error)
            raise EngineUnavailable(f"{endpoint}: {_one_line(reason)}") from error


def failure_reason(error: Exception) -> str:
    """Return the reason of one of `FAILURES` in one line."""
    return _one_line(os_reason(error) if isinstance(error, OSError) else str(error) or type(error).__name__)


def _one_line(text: str) -> str:
    return short_name(printable_line(text))


def _open_socket(endpoint: Endpoint) -> socket.socket:
    if endpoint.host.startswith(UNIX):
        with ExitStack() as unfinished:
            unix = unfinished.enter_context(socket.socket(socket.AF_UNIX))
            unix.settimeout(_CONNECT_SECONDS)
            unix.connect(endpoint.host.removeprefix(UNIX))
            unfinished.pop_all()
        return unix
    url = urlsplit(endpoint.host)
    if url.scheme not in _PORTS or not url.hostname:
        raise ValueError("layerscope supports addresses that start with unix, tcp, http, https or ssh")
    encrypted = endpoint.tls_folder is not None or url.scheme == "https"
    port = url.port or (_TLS_PORT if endpoint.tls_folder else _PORTS[url.scheme])
    context = _tls_context(endpoint) if encrypted else None
    plain = socket.create_connection((url.hostname, port), timeout=_CONNECT_SECONDS)
    # wrap_socket closes the plain socket if the handshake fails.
    return context.wrap_socket(plain, server_hostname=url.hostname) if context else plain


def _tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    folder = endpoint.tls_folder
    authority = folder / "ca.pem" if folder else None
    context = ssl.create_default_context(cafile=str(authority) if authority and authority.exists() else None)
    if not endpoint.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if folder and (folder / "cert.pem").exists():
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
