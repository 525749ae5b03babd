"""Requests to one address of a registry: redirects, waiting where it says so, and its refusals as sentences."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct, field

from layerscope.errors import ImageNotFound, LayerscopeError, SourceError
from layerscope.sources.registry.hosts import RegistryAddress
from layerscope.sources.registry.tokens import Authorization
from layerscope.sources.registry.transport import Broken, HttpAnswer, Transport, Unreachable
from layerscope.text import plural, printable_line, short_name
from layerscope.work import pause

OK, PARTIAL, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 206, 400, 401, 403, 404
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 502, 503, 504})
_TOO_MANY = 429

_MOST_REDIRECTS = 10
_ATTEMPTS = 4
_BACKOFF_SECONDS = 0.5
"""The first wait of those that the registry does not state; each of the next is twice as long."""

_LONGEST_WAIT = 60.0
_LONGEST_SENTENCE = 200
_LONGEST_COMPLAINT = 64 * 1024

_LONGEST_NUMBER = 9
_LIMIT = re.compile(r"\d{1,9}", re.ASCII)
"""The start of ``100;w=21600``: requests, and the window in seconds."""


class _Error(Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Errors(Struct, frozen=True):
    errors: list[_Error] = field(default_factory=list)


class TooManyRequests(SourceError):
    """A registry that refuses requests for longer than layerscope waits."""


class Remote:
    """One address of a repository."""

    def __init__(self, location: RegistryAddress, title: str) -> None:
        self.location = location
        self.transport = Transport(location, title)
        self._authorization = Authorization(location, self.transport, title)
        self.rate_limit: int | None = None
        self._title = title

    def request(self, method: str, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """Return the answer that stands after redirects and waiting, its body unread; errors are answers, too.

        Raises Broken, SourceError and ReadingStopped.
        """
        url = urljoin(self.location.url, url)
        for attempt in range(_ATTEMPTS):
            is_last = attempt == _ATTEMPTS - 1
            try:
                answer, is_redirected = self._follow(method, url, headers)
            except Unreachable:
                raise
            except Broken:
                if attempt:
                    raise
                continue
            if is_last or not self._is_worth_repeating(answer, is_redirected, attempt):
                return answer
        raise AssertionError

    def refusal(self, answer: HttpAnswer, what: str = "") -> SourceError:
        """Return the error for an answer that is none of those that were hoped for; its body is read."""
        said = _complaint(answer)
        because = f" ({said})" if said else ""
        named = f"{what} of {self._title}" if what else self._title
        status = answer.status
        if status == NOT_FOUND:
            return ImageNotFound(f"the registry has no {named}{because}")
        if status in (UNAUTHORIZED, FORBIDDEN):
            login = f"docker login {self.location.host}"
            return SourceError(
                f"cannot read {named}: the registry refuses access, or has no such repository; try {login}{because}"
            )
        if status == _TOO_MANY:
            return TooManyRequests(f"cannot read {named}: the registry has had too many requests{because}")
        return SourceError(f"cannot read {named}: the registry answered {status}{because}")

    def wait(self, seconds: float) -> None:
        """Wait; raises ReadingStopped as soon as the requests are cancelled."""
        if seconds > 0:
            pause(seconds, self.transport.ended)
        self.transport.check_ended()

    def _is_worth_repeating(self, answer: HttpAnswer, is_redirected: bool, attempt: int) -> bool:
        """Return True where the same request may be answered better now; leaves the answer, and waits if it says so."""
        if answer.status == FORBIDDEN and is_redirected and attempt == 0:
            # addresses of a storage expire
            answer.leave()
            return True
        if answer.status not in _BUSY:
            return False
        stated = _retry_after(answer)
        answer.leave()
        seconds = _BACKOFF_SECONDS * 2**attempt if stated is None else stated
        if seconds > _LONGEST_WAIT:
            wait = plural(round(seconds), "second")
            raise TooManyRequests(f"cannot read {self._title}: the registry is busy, and asks to come back in {wait}")
        self.wait(seconds)
        return True

    def _follow(self, method: str, url: str, headers: Mapping[str, str]) -> tuple[HttpAnswer, bool]:
        """Return the answer, and whether a redirect led to it; what follows one is not authorized, nor a HEAD."""
        answer = self._authorized(method, url, headers)
        self._note_limit(answer)
        for count in range(_MOST_REDIRECTS + 1):
            target = answer.headers.get("Location") if answer.status in _REDIRECTS else None
            if target is None or method == "HEAD":
                return answer, count > 0
            answer.leave()
            url = self._redirected(url, target)
            answer = self.transport.send(method, url, headers)
        answer.leave()
        raise SourceError(f"cannot read {self._title}: the registry redirects more than {_MOST_REDIRECTS} times")

    def _authorized(self, method: str, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """Return the registry's own answer; what it asks for with 401, also midway, is done once."""
        header = self._authorization.header()
        answer = self.transport.send(method, url, _with_authorization(headers, header))
        if answer.status != UNAUTHORIZED:
            return answer
        try:
            is_other = self._authorization.answer(answer.headers.get("WWW-Authenticate", ""), header)
        except LayerscopeError:
            answer.leave()
            raise
        if not is_other:
            return answer
        answer.leave()
        return self.transport.send(method, url, _with_authorization(headers, self._authorization.header()))

    def _redirected(self, url: str, target: str) -> str:
        try:
            new = urljoin(url, target)
            parts = urlsplit(new)
        except ValueError:
            new, parts = "", urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SourceError(f"cannot read {self._title}: the registry redirects to an invalid address")
        if parts.scheme == "http" and url.startswith("https:"):
            host = short_name(parts.hostname)
            raise SourceError(f"cannot read {self._title}: the registry redirects to {host} without https")
        return new

    def _note_limit(self, answer: HttpAnswer) -> None:
        stated = _LIMIT.match(answer.headers.get("RateLimit-Remaining", ""))
        if stated is not None:
            self.rate_limit = int(stated[0])


def _with_authorization(headers: Mapping[str, str], header: str | None) -> Mapping[str, str]:
    return headers if header is None else {**headers, "Authorization": header}


def _retry_after(answer: HttpAnswer) -> float | None:
    """Return the seconds that the answer asks to wait, stated as such or as a date."""
    stated = answer.headers.get("Retry-After", "").strip()
    if stated.isdecimal() and stated.isascii():
        return float(stated[:_LONGEST_NUMBER])
    try:
        return max(parsedate_to_datetime(stated).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None


def _complaint(answer: HttpAnswer) -> str:
    """Return the first message of an error, as the registry words it, safe for a sentence."""
    try:
        errors = msgspec.json.decode(answer.read(_LONGEST_COMPLAINT), type=_Errors).errors
    except (Broken, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return printable_line((errors[0].message or errors[0].code)[:_LONGEST_SENTENCE]) if errors else ""
