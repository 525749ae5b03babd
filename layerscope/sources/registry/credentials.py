"""Credentials as docker and podman keep them, in files and behind helpers.

https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md;
https://docs.docker.com/reference/cli/docker/login/#credential-stores;
https://github.com/docker/docker-credential-helpers
"""

import binascii
import os
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from layerscope.debug_log import note
from layerscope.errors import SourceError
from layerscope.sources.configuration import containers_folder, docker_folder, read_configuration
from layerscope.sources.image.name import DEFAULT_DOMAIN
from layerscope.text import short_name

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_TOKEN_USER = "<token>"  # noqa: S105  # what helpers write in place of a user where the secret is an identity token
_HELPER_SECONDS = 30


class Credentials(NamedTuple):
    """A user with a password, or an identity token. Nothing prints them."""

    user: str = ""
    password: str = ""
    identity_token: str = ""

    def __repr__(self) -> str:
        return "Credentials()"


class _Entry(Struct, frozen=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""

    def __repr__(self) -> str:
        return "_Entry()"


class _File(Struct, frozen=True, rename="camel"):
    auths: dict[str, _Entry] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str = ""


class _Secret(Struct, frozen=True, rename="pascal"):
    """The answer of a helper."""

    username: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return "_Secret()"


def credentials(host: str, repository: str) -> Credentials | None:
    """Return the credentials for a repository, from the first file that has some; None for none.

    Raises SourceError for a file that is invalid. A helper that fails counts as one that has none: public images need
    none, and what is refused says so itself.
    """
    for file in _files():
        content = read_configuration(file, _File) or _File()
        found = _from_helpers(content, host) or _from_auths(content, host, repository, str(file))
        if found is not None:
            return found
    return None


def _files() -> Iterator[Path]:
    environment = os.environ
    if stated := environment.get("REGISTRY_AUTH_FILE"):
        yield Path(stated)
        return
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "containers", "auth.json")
    yield containers_folder() / "auth.json"
    yield docker_folder() / "config.json"


def _from_helpers(content: _File, host: str) -> Credentials | None:
    """Return what the helper of the host says, or that for all hosts."""
    helpers = content.cred_helpers or {}
    servers = (host, _DOCKER_HUB_KEY, f"index.{DEFAULT_DOMAIN}") if host == DEFAULT_DOMAIN else (host,)
    name = next((helpers[key] for key in servers if key in helpers), content.creds_store)
    return _ask_helper(name, host) if name else None


def _ask_helper(name: str, host: str) -> Credentials | None:
    server = _DOCKER_HUB_KEY if host == DEFAULT_DOMAIN else host
    program = f"docker-credential-{name}"
    if "/" in name:
        note(f"registry: {program} is not the name of a helper")
        return None
    try:
        answer = subprocess.run(  # noqa: S603  # a program that the user's own configuration names
            [program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=True
        )
        secret = msgspec.json.decode(answer.stdout, type=_Secret)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError, UnicodeDecodeError) as error:
        # its output may hold a secret
        note(f"registry: {program} has no credentials: {type(error).__name__}")
        return None
    if secret.username == _TOKEN_USER:
        return Credentials(identity_token=secret.secret)
    return Credentials(secret.username, secret.secret)


def _from_auths(content: _File, host: str, repository: str, file: str) -> Credentials | None:
    """Return the entry whose key is the longest start of the repository's name."""
    entries = {_plain_key(key): entry for key, entry in (content.auths or {}).items()}
    key = f"{host}/{repository}"
    while key not in entries:
        key = key.rpartition("/")[0]
        if not key:
            return None
    entry = entries[key]
    if entry.identitytoken:
        return Credentials(identity_token=entry.identitytoken)
    if not entry.auth:
        return Credentials(entry.username, entry.password) if entry.username else None
    try:
        user, _, password = b64decode(entry.auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SourceError(f"{short_name(file)} is invalid: the auth of {short_name(key)} is not base64") from None
    return Credentials(user, password.strip("\0"))


def _plain_key(key: str) -> str:
    """Return ``host/path`` for a key of any age: ``https://index.docker.io/v1/`` is Docker Hub's."""
    is_address = "://" in key
    plain = key.partition("://")[2] if is_address else key
    host, _, path = plain.strip("/").partition("/")
    if host in (f"index.{DEFAULT_DOMAIN}", f"registry-1.{DEFAULT_DOMAIN}"):
        host, path = DEFAULT_DOMAIN, ("" if path.split("/")[0] in ("v1", "v2") else path)
    # docker drops the path of an address
    return host if is_address or not path else f"{host}/{path}"
