"""Connections to registries and the hosts that they lead to: pools, TLS, proxies, time limits, and their end."""

import socket
import ssl
from collections.abc import Generator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from threading import Event, Lock
from typing import ClassVar
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakSet

from urllib3 import BaseHTTPResponse, HTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from layerscope.debug_log import note
from layerscope.errors import LayerscopeError, ReadingStopped, SourceError, os_reason
from layerscope.sources.registry.hosts import RegistryAddress, is_loopback, tls_context
from layerscope.text import printable_line, short_name

ANSWER_SECONDS = 10.0
"""The time to connect, and from a request to the head of its answer."""

_SILENCE_SECONDS = 60.0
"""The time that a body may make no progress."""

_CONNECTIONS = 8
_CHUNK = 1024 * 1024
_DRAINED = 64 * 1024
_LONGEST_NUMBER = 19


class Broken(SourceError):
    """A connection that failed or ended early; another attempt may do better."""


class Unreachable(Broken):
    """A host that cannot be reached or does not answer: to try again at once is in vain."""


class HttpAnswer:
    """An answer whose body is still to come; nothing of it is decoded."""

    def __init__(self, response: BaseHTTPResponse, transport: "Transport") -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._transport = transport

    @property
    def length(self) -> int | None:
        """The length of the body as stated."""
        stated = self.headers.get("Content-Length", "")
        return int(stated) if stated.isdecimal() and stated.isascii() and len(stated) < _LONGEST_NUMBER else None

    def chunks(self, limit: int | None = None) -> Generator[bytes]:
        """Yield the body as it comes, up to a limit, and leave the answer; raises Broken if it ends early."""
        left = _CHUNK if limit is None else limit
        try:
            while left and (chunk := self._response.read1(min(_CHUNK, left))):
                left -= 0 if limit is None else len(chunk)
                yield chunk
        except HTTPError as error:
            raise Broken(self._transport.failure(error)) from error
        finally:
            # after the whole body its connection is in the pool again, and otherwise it ends here
            self._response.close()

    def read(self, limit: int) -> bytes:
        """Return the body, or its start up to a limit; raises Broken if it ends early."""
        return b"".join(self.chunks(limit))

    def leave(self) -> None:
        """End with an answer: its connection can serve again if the body is small."""
        length = self.length
        if length is not None and length <= _DRAINED:
            with suppress(Broken):
                self.read(_DRAINED)
        self._response.close()


class Transport:
    """Connection pools for the registry at a location and for the hosts that it leads to. Safe for several threads."""

    def __init__(self, location: RegistryAddress, title: str) -> None:
        self.ended = Event()
        self._location = location
        self._title = title
        self._sockets = WeakSet[socket.socket]()
        self._pools: dict[str, PoolManager] = {}
        self._lock = Lock()
        self._own_host = urlsplit(location.url).netloc
        self._is_public = False

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> HttpAnswer:
        """Send one request and return the answer, its body unread and not decoded; redirects are the caller's.

        Raises Broken, SourceError, and ReadingStopped after `cancel`.
        """
        parts = urlsplit(url)
        self.check_ended()
        try:
            response = self._pool(parts.scheme, parts.netloc).urlopen(
                method,
                url,
                headers={"User-Agent": "layerscope", "Accept-Encoding": "identity", **headers},
                body=body,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=ANSWER_SECONDS, read=ANSWER_SECONDS),
            )
        except HTTPError as error:
            # an idle connection may have been closed by the other side
            kind = Broken if isinstance(error, ProtocolError) else Unreachable
            raise kind(self.failure(error, parts.netloc)) from error
        # a query may hold a signature
        note(f"registry: {method} {parts.scheme}://{parts.netloc}{parts.path}: {response.status}")
        return HttpAnswer(response, self)

    def failure(self, error: HTTPError, host: str = "") -> str:
        """Return the sentence for a connection that failed; raises ReadingStopped after `cancel`."""
        self.check_ended()
        via = f"{short_name(host)}: " if host and host != self._own_host else ""
        return f"cannot read {self._title}: {via}{_cause(error, self._location.host)}"

    def check_ended(self) -> None:
        """Raise ReadingStopped if the requests have been cancelled."""
        if self.ended.is_set():
            raise ReadingStopped(f"reading {self._title} was stopped")

    def cancel(self) -> None:
        """End all requests, which raise ReadingStopped in their threads, and those to come."""
        self.ended.set()
        with self._lock:
            sockets = list(self._sockets)
        for connection in sockets:
            with suppress(OSError):
                # that of SSLSocket would take its state from the thread that reads
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()

    def connected(self, connection: socket.socket, host: str | None) -> None:
        """Note a new connection, before anything is sent on it.

        A registry on the internet may not lead to this machine or its network, where a request may do harm.
        ``host`` is None where a proxy looks for it.
        """
        with self._lock:
            self._sockets.add(connection)
        self.check_ended()
        if host is None:
            return
        is_public = ip_address(connection.getpeername()[0].partition("%")[0]).is_global
        if host == urlsplit(self._location.url).hostname:
            self._is_public = is_public
        elif self._is_public and not is_public:
            raise SourceError(f"cannot read {self._title}: it leads to {short_name(host)}, an address of this network")

    def _pool(self, scheme: str, host: str) -> PoolManager:
        key = f"{scheme}://{host}"
        with self._lock:
            if key not in self._pools:
                self._pools[key] = self._new_pool(scheme, host)
            return self._pools[key]

    def _new_pool(self, scheme: str, host: str) -> PoolManager:
        context = None
        if scheme == "https":
            own = host == self._own_host
            verifies = self._location.verifies or not own
            context = tls_context(self._location.host if own else host, verifies=verifies)
        proxy = _proxy(scheme, host)
        if proxy is None:
            manager = PoolManager(maxsize=_CONNECTIONS, ssl_context=context)
        else:
            try:
                manager = ProxyManager(
                    proxy, maxsize=_CONNECTIONS, ssl_context=context, proxy_headers=_proxy_authorization(proxy)
                )
            except HTTPError as error:
                raise SourceError(f"cannot read {self._title}: the proxy of the environment cannot be used") from error
        manager.pool_classes_by_scheme = _pool_classes(self)
        return manager


class _Watched(HTTPConnection):
    """A connection that its transport knows of, and that waits longer for a body than for the head of an answer."""

    transport: ClassVar[Transport]

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        try:
            self.transport.connected(connection, None if self.proxy else self.host)
        except LayerscopeError:
            connection.close()
            raise
        return connection

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 does
        connection = self.sock
        response = super().getresponse()
        connection.settimeout(_SILENCE_SECONDS)
        return response


def _pool_classes(watcher: Transport) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(_Watched):
        transport = watcher

    class Secure(_Watched, HTTPSConnection):
        transport = watcher

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _proxy(scheme: str, host: str) -> str | None:
    """Return the proxy of the environment for a host, None for none; urllib3 does not look for one."""
    hostname = urlsplit(f"//{host}").hostname or ""
    if is_loopback(hostname) or proxy_bypass(hostname):
        return None
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all")


def _proxy_authorization(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    return make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}")


def _cause(error: HTTPError, host: str) -> str:
    """Return why a connection failed, for a sentence, and what can be done about it."""
    if isinstance(error, ProxyError):
        inner = error.original_error
        return f"the proxy: {_cause(inner, host) if isinstance(inner, HTTPError) else 'it refused the connection'}"
    if isinstance(error, NameResolutionError):
        return "unknown host"
    if isinstance(error, NewConnectionError) and isinstance(error.__cause__, OSError):
        return os_reason(error.__cause__).lower()
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        # a body is read by another call, whose time limit urllib3 does not know
        waited = ANSWER_SECONDS if isinstance(error, ConnectTimeoutError) or error.url else _SILENCE_SECONDS
        return f"no answer within {waited:.0f} seconds"
    if isinstance(error, SSLError):
        return _tls_cause(error, host)
    return "the connection was closed early"


def _tls_cause(error: SSLError, host: str) -> str:
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = printable_line(cause.verify_message)
        return f"its certificate is refused: {reason} (to trust its CA, put it into certs.d/{host}/ca.crt)"
    if isinstance(cause, ssl.SSLError) and cause.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return "it does not speak https (--plain-http reads it without)"
    reason = getattr(cause, "reason", None) or "the connection was closed early"
    return f"TLS failed: {short_name(str(reason).replace('_', ' ').lower())}"
