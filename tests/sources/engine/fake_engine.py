"""A server on a Unix socket that answers requests as an engine does, or otherwise."""

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Replies = Mapping[str, bytes | object]
"""Replies by path: a document, or the bytes of one."""

VERSION = {"/version": {"ApiVersion": "1.45"}}


@contextmanager
def serving(path: Path, replies: Replies) -> Iterator[list[str]]:
    """Serve the replies (404 for any other path), and give the paths that were requested."""
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            requested.append(self.path)
            reply = replies.get(unquote(self.path.removeprefix("/v1.45")))
            body = reply if isinstance(reply, bytes) else json.dumps(reply or {"message": "no such image"}).encode()
            self.send_response(404 if reply is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

        def address_string(self) -> str:
            return "engine"

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield requested
        finally:
            server.shutdown()
            thread.join()
