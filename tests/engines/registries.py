"""Debian's docker-registry on ports of the loopback device: open, with a password, and behind a token server."""

import json
import socket
import subprocess
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import urllib3

from tests.builders import Json
from tests.engines.tools import need, run

USER, PASSWORD = "reader", "secret"
_BCRYPT = "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"
"""The password as docker-registry keeps it."""


@contextmanager
def serving(folder: Path, storage: Path, **settings: Json) -> Iterator[str]:
    """Run a registry on the images in ``storage``; yield its host and port. ``folder`` takes its files."""
    need("docker-registry", "--version")
    host = f"127.0.0.1:{free_port()}"
    configuration = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": host},
        **settings,
    }
    (folder / "registry.yml").write_text(json.dumps(configuration))
    with (folder / "registry.log").open("wb") as log:
        command = ["docker-registry", "serve", str(folder / "registry.yml")]
        with subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                retries = urllib3.Retry(connect=40, backoff_factor=0.05, backoff_max=0.5)
                urllib3.request("GET", f"http://{host}/v2/", retries=retries)
                yield host
            finally:
                process.terminate()


def free_port() -> int:
    """Return a port of the loopback device on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def password_settings(folder: Path) -> Json:
    """Return the settings of a registry that wants the password."""
    (folder / "htpasswd").write_text(f"{USER}:{_BCRYPT}\n")
    return {"auth": {"htpasswd": {"realm": "images", "path": str(folder / "htpasswd")}}}


@contextmanager
def token_settings(folder: Path) -> Iterator[Json]:
    """Run a token server that wants the password; yield the settings of a registry that trusts its tokens."""
    need("openssl", "version")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ("-subj", "/CN=tokens", "-days", "2", "-nodes")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", *subject, "-keyout", key, "-out", certificate)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            user = b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            body = json.dumps({"token": _token(key, certificate, self.path)}).encode()
            self.send_response(200 if user == f"{USER}:{PASSWORD}" else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        realm = f"http://127.0.0.1:{server.server_address[1]}/token"
        facts = {"realm": realm, "service": "images", "issuer": "tokens", "rootcertbundle": str(certificate)}
        yield {"auth": {"token": facts}}
        server.shutdown()


def _token(key: Path, certificate: Path, address: str) -> str:
    """Return a JSON Web Token for the scopes that are asked for, signed with RS256."""
    query = parse_qs(urlsplit(address).query)
    scopes = [scope.split(":", 2) for scope in query.get("scope", [])]
    access = [{"type": kind, "name": name, "actions": actions.split(",")} for kind, name, actions in scopes]
    now = int(time.time())
    claims = {"iss": "tokens", "sub": USER, "aud": "images", "jti": "1", "nbf": now - 60, "exp": now + 300}
    der = "".join(certificate.read_text().splitlines()[1:-1])
    header = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
    parts = [_encoded(json.dumps(part).encode()) for part in (header, {**claims, "access": access})]
    signed = key.with_name("claims")
    signed.write_text(".".join(parts))
    return ".".join([*parts, _encoded(run("openssl", "dgst", "-sha256", "-sign", key, signed))])


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def log_in(folder: Path, host: str) -> None:
    """Keep the password for a registry as ``docker login`` does, in a folder for DOCKER_CONFIG."""
    folder.mkdir()
    auth = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
