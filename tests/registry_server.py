"""A registry in this process, which serves the folder of an OCI layout, and misbehaves where a test asks for it.

::

    with registry(layout, on("blobs", lambda request, reply: replace(reply, cut=100), times=1)) as server:
        read(f"registry://{server.host}/my-app:v1")
        assert server.paths.count("/v2/my-app/blobs/sha256:…") == 2

Every name is a repository with the images of the layout; the catalog lists those of ``repositories``. A fault changes
what the registry would reply to a request.
"""

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

_API = re.compile(r"/v2/.+/(manifests|blobs|tags|referrers)/([^/?]+)(?:\?.*)?")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True)
class Request:
    """A request as it came; ``number`` counts those of the same address, from 0."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    number: int

    @property
    def kind(self) -> str:
        """The kind of request: ``manifests``, ``blobs``, ``tags``, ``referrers``; empty for others."""
        found = _API.fullmatch(self.path)
        return found[1] if found else ""


@dataclass(frozen=True)
class Reply:
    """A reply; after ``cut`` bytes of its body the connection is closed. Content-Length may be stated otherwise."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None

    def with_headers(self, **headers: str) -> "Reply":
        """Return the reply with other headers, ``_`` standing for ``-``."""
        added = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **added})


Fault = Callable[[Request, Reply], Reply]


class Server:
    """A running registry; ``requests`` are in the order in which they came, ``sent`` counts bytes of bodies."""

    def __init__(self, layout: Path, faults: tuple[Fault, ...]) -> None:
        self.layout = layout
        self.faults = faults
        self.requests: list[Request] = []
        self.referrers: dict[str, bytes] = {}
        self.repositories = ["my-app"]
        self.sent = 0
        self.host = ""
        self._counts = Counter[str]()
        self._lock = Lock()

    @property
    def paths(self) -> list[str]:
        """The paths of all requests."""
        return [request.path for request in self.requests]

    @property
    def tags(self) -> dict[str, str]:
        """The digest of each tag of the layout."""
        return _tags((self.layout / "index.json").read_bytes())

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the reply to a request, with its faults, and note the request."""
        with self._lock:
            request = Request(method, path, headers, body, self._counts[path])
            self._counts[path] += 1
            self.requests.append(request)
        reply = self._proper(request)
        for fault in self.faults:
            reply = fault(request, reply)
        return reply

    def count(self, size: int) -> None:
        """Count bytes that were sent."""
        with self._lock:
            self.sent += size

    def _proper(self, request: Request) -> Reply:
        found = _API.fullmatch(request.path)
        if found is None:
            is_catalog = request.path.partition("?")[0] == "/v2/_catalog"
            return _listed("repositories", self.repositories) if is_catalog else _error(404, "no such address")
        kind, what = found.groups()
        if kind in ("manifests", "blobs"):
            return self._stored(request, kind, what)
        if kind == "tags":
            return _listed("tags", list(self.tags))
        return Reply(body=self.referrers[what]) if what in self.referrers else _error(404, "no referrers")

    def _stored(self, request: Request, kind: str, what: str) -> Reply:
        digest = what if ":" in what else self.tags.get(what, what)
        file = self.layout / "blobs" / Path(*digest.split(":"))
        if not file.is_file():
            return _error(404, f"{kind[:-1]} unknown")
        data = file.read_bytes()
        if kind == "manifests":
            return Reply(body=data).with_headers(
                Content_Type=json.loads(data).get("mediaType", ""), Docker_Content_Digest=digest
            )
        return _ranged(data, request.headers.get("Range", ""))


@lru_cache(maxsize=1)
def _tags(index: bytes) -> dict[str, str]:
    """Return the tags in an index; the benchmarks ask a thousand times for those of a thousand images."""
    name = "org.opencontainers.image.ref.name"
    tagged = [entry for entry in json.loads(index)["manifests"] if name in entry.get("annotations", {})]
    return {entry["annotations"][name].rpartition(":")[2]: entry["digest"] for entry in tagged}


def _listed(name: str, values: list[str]) -> Reply:
    return Reply(body=json.dumps({name: values}).encode())


def _ranged(data: bytes, stated: str) -> Reply:
    wanted = _RANGE.fullmatch(stated)
    if wanted is None:
        return Reply(body=data)
    first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
    if first >= len(data):
        return _error(416, "no such range")
    return Reply(206, data[first : last + 1]).with_headers(Content_Range=f"bytes {first}-{last}/{len(data)}")


def _error(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"errors": [{"code": "X", "message": message}]}).encode())


@contextmanager
def registry(layout: Path, *faults: Fault) -> Iterator[Server]:
    """Serve a layout on a free port of the loopback device."""
    server = Server(layout, faults)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # a body that follows its headers would wait 40 ms for the acknowledgement of these
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = server.reply(self.command, self.path, dict(self.headers), body)
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            sent = reply.body[: reply.cut]
            if self.command != "HEAD":
                server.count(len(sent))
                self.wfile.write(sent)
            self.close_connection = len(sent) < len(reply.body) or "Content-Length" in reply.headers

        do_GET = do_HEAD = do_POST = answer  # noqa: N815  # the names that http.server calls

        def log_message(self, *_: Any) -> None: ...

        def handle(self) -> None:
            # a client may leave in the middle of a body
            with suppress(ConnectionError):
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        listener.block_on_close = False
        server.host = f"127.0.0.1:{listener.server_address[1]}"
        thread = Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        listener.shutdown()
        thread.join()


def on(kind: str, change: Callable[[Request, Reply], Reply], times: int = 1_000_000) -> Fault:
    """Return a fault of what is asked for (`Request.kind`), of the first requests for each address."""
    return lambda request, reply: change(request, reply) if request.kind == kind and request.number < times else reply


class Basic:
    """A fault that wants a user and a password."""

    def __init__(self, user: str, password: str) -> None:
        self.header = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"

    def __call__(self, request: Request, reply: Reply) -> Reply:
        if request.headers.get("Authorization") == self.header:
            return reply
        return _error(401, "log in").with_headers(WWW_Authenticate='Basic realm="a registry"')


class Tokens:
    """A fault that wants a token of its own token server, at ``/token`` of ``host``, or of the registry itself.

    A token holds for ``uses`` requests. ``basic`` is the header that the token server wants, None for none.
    """

    def __init__(self, uses: int = 1_000_000, basic: str | None = None, host: str | None = None) -> None:
        self.issued = 0
        self.asked: list[Request] = []
        self._uses = uses
        self._left = 0
        self._basic = basic
        self._host = host

    def __call__(self, request: Request, reply: Reply) -> Reply:
        if request.path.startswith("/token"):
            self.asked.append(request)
            if self._basic is not None and request.headers.get("Authorization") != self._basic:
                return _error(401, "wrong password")
            self.issued, self._left = self.issued + 1, self._uses
            return Reply(body=b'{"token": "t%d"}' % self.issued)
        if self._left > 0 and request.headers.get("Authorization") == f"Bearer t{self.issued}":
            self._left -= 1
            return reply
        realm = f"http://{self._host or request.headers['Host']}/token"
        challenge = f'Bearer realm="{realm}",service="registry",scope="repository:my-app:pull"'
        return _error(401, "authentication required").with_headers(WWW_Authenticate=challenge)
