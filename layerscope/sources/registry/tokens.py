"""Authorization for one repository: Basic, and Bearer tokens, which are renewed when they expire.

https://distribution.github.io/distribution/spec/auth/token/ and oauth/
"""

import re
import time
from base64 import b64encode
from threading import Lock
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from layerscope.errors import SourceError
from layerscope.sources.registry.credentials import Credentials, credentials
from layerscope.sources.registry.hosts import RegistryAddress, is_loopback
from layerscope.sources.registry.transport import HttpAnswer, Transport
from layerscope.text import short_name

_CHALLENGE = re.compile(r"\s*(?:^|,)\s*(basic|bearer)(?=\s|$|,)", re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))', re.ASCII)
_DEFAULT_SECONDS = 60
_EARLY_SECONDS = 10.0
"""A token is renewed before it expires, as clocks and requests take their time; at half of a shorter life."""

_LARGEST_ANSWER = 1024 * 1024
_OK, _FIRST_CLIENT_ERROR, _FIRST_SERVER_ERROR = 200, 400, 500


class Challenge(Struct, frozen=True):
    """A request of a registry for credentials, sent with 401."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


class _Token(Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None

    def __repr__(self) -> str:
        return "_Token()"


class Authorization:
    """The value of the header Authorization for a repository. Safe for several threads."""

    def __init__(self, location: RegistryAddress, transport: Transport, title: str) -> None:
        self._location = location
        self._transport = transport
        self._title = title
        self._lock = Lock()
        self._challenge: Challenge | None = None
        self._header: str | None = None
        self._valid_until = 0.0

    def header(self) -> str | None:
        """Return the value for the next request, None as long as the registry has asked for none."""
        with self._lock:
            if self._challenge is not None and time.monotonic() >= self._valid_until:
                self._renew(self._challenge)
            return self._header

    def answer(self, stated: str, refused: str | None) -> bool:
        """Return whether the header is another one now than the one that was refused with a challenge."""
        with self._lock:
            if self._header == refused:
                challenge = parse_challenge(stated, f"repository:{self._location.repository}:pull")
                if challenge is not None:
                    self._renew(challenge)
            return self._header != refused

    def _renew(self, challenge: Challenge) -> None:
        known = credentials(self._location.host, self._location.repository)
        if challenge.scheme == "basic":
            self._header = None if known is None or not known.user else _basic(known)
            self._valid_until = float("inf")
        else:
            token = self._token(challenge, known)
            seconds = _DEFAULT_SECONDS if token.expires_in is None else max(token.expires_in, 1.0)
            self._header = f"Bearer {token.token or token.access_token}"
            self._valid_until = time.monotonic() + max(seconds - _EARLY_SECONDS, seconds / 2)
        self._challenge = challenge

    def _token(self, challenge: Challenge, known: Credentials | None) -> _Token:
        self._check_realm(challenge.realm)
        asked = {"service": challenge.service, "scope": challenge.scope}
        asked = {key: value for key, value in asked.items() if value}
        if known is not None and known.identity_token:
            form = {"grant_type": "refresh_token", "client_id": "layerscope", "refresh_token": known.identity_token}
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._transport.send("POST", challenge.realm, headers, urlencode(form | asked).encode())
        else:
            separator = "&" if urlsplit(challenge.realm).query else "?"
            headers = {} if known is None else {"Authorization": _basic(known)}
            answer = self._transport.send("GET", f"{challenge.realm}{separator}{urlencode(asked)}", headers)
        return self._read(answer)

    def _read(self, answer: HttpAnswer) -> _Token:
        host = self._location.host
        if answer.status != _OK:
            answer.leave()
            if _FIRST_CLIENT_ERROR <= answer.status < _FIRST_SERVER_ERROR:
                raise SourceError(
                    f"cannot read {self._title}: its token server refuses access; try docker login {host}"
                )
            raise SourceError(f"cannot read {self._title}: its token server answered {answer.status}")
        try:
            token = msgspec.json.decode(answer.read(_LARGEST_ANSWER), type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            token = _Token()
        value = token.token or token.access_token or ""
        if not value or not value.isascii() or not value.isprintable():
            # the answer may hold a part of a token, so that no more is said of it
            raise SourceError(f"cannot read {self._title}: the answer of its token server holds no token")
        return token

    def _check_realm(self, realm: str) -> None:
        """Raise SourceError for an address that must not get credentials: they leave this machine by https alone."""
        try:
            parts = urlsplit(realm)
        except ValueError:
            parts = urlsplit("")
        hostname = parts.hostname or ""
        own = urlsplit(self._location.url)
        is_plain = own.scheme == "http" and (hostname == own.hostname or is_loopback(hostname))
        if not hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_plain)):
            named = short_name(hostname) or "an invalid address"
            raise SourceError(f"cannot read {self._title}: its token server is {named}, without https")


def parse_challenge(stated: str, default_scope: str) -> Challenge | None:
    """Return the challenge of a header WWW-Authenticate, Bearer before Basic; None if there is neither."""
    found = dict[str, Challenge]()
    # what is before the first scheme, then each scheme with its parameters
    _, *parts = _CHALLENGE.split(stated)
    for scheme, text in zip(parts[::2], parts[1::2], strict=True):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(text)}
        scope = parameters.get("scope") or default_scope
        challenge = Challenge(scheme.lower(), parameters.get("realm", ""), parameters.get("service", ""), scope)
        found.setdefault(challenge.scheme, challenge)
    return found.get("bearer") or found.get("basic")


def _basic(known: Credentials) -> str:
    return f"Basic {b64encode(f'{known.user}:{known.password}'.encode()).decode()}"
