"""Requests to one address of a registry: redirects, waiting where it says so, refusals as sentences, downloads."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct, field

from layerscope.errors import ImageNotFound, LayerscopeError, SourceError
from layerscope.sources.registry.hosts import RegistryAddress
from layerscope.sources.registry.tokens import Authorization
from layerscope.sources.registry.transport import Broken, HttpAnswer, Transport, Unreachable
from layerscope.text import human_size, plural, printable_line, short_name
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

_MOST_BREAKS = 4
"""Connections in a row that may end with less than `_PROGRESS` more bytes, before a blob is given up."""

_PROGRESS = 64 * 1024
_BREAK_SECONDS = 0.5
"""The wait after a connection that brought nothing."""

NO_RANGE = (OK, 400, 416, 501)
"""The answers of servers that do not serve the range that was asked for."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(?:\d{1,19}|\*)", re.ASCII | re.IGNORECASE)
Ask = Callable[[Mapping[str, str]], HttpAnswer]
"""Requests a blob with some headers, and returns an answer that is 200, 206 or one of `NO_RANGE`."""


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
        if stated := _LIMIT.match(answer.headers.get("RateLimit-Remaining", "")):
            self.rate_limit = int(stated[0])
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


class Download:
    """The bytes of a blob, at most ``size`` of them; ``title`` names the blob in messages."""

    def __init__(self, ask: Ask, title: str, size: int | None, wait: Callable[[float], None]) -> None:
        self._ask = ask
        self._title = title
        self._size = size
        self._wait = wait
        self._position = 0
        self._uses_ranges = True
        self._length: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield what comes; raises Broken where that ends early."""
        breaks = 0
        while True:
            before = self._position
            try:
                yield from self._one_connection()
            except Broken as error:
                progress = self._position - before
                breaks = 0 if progress >= _PROGRESS else breaks + 1
                never_reached = isinstance(error, Unreachable) and not self._position
                if never_reached or breaks >= _MOST_BREAKS:
                    raise
                self._wait(0 if progress else _BREAK_SECONDS)
            else:
                return

    @property
    def mismatch(self) -> str:
        """The defect of a blob whose digest does not match, in words."""
        if self._size is not None and self._length is not None and self._length > self._size:
            return f"is longer than its descriptor says: {human_size(self._length)} instead of {human_size(self._size)}"
        return "differs from its digest"

    def _one_connection(self) -> Iterator[bytes]:
        answer, skipped = self._open()
        with closing(answer.chunks()) as chunks:
            for chunk in chunks:
                kept = chunk[min(skipped, len(chunk)) :]
                skipped -= len(chunk) - len(kept)
                kept = kept if self._size is None else kept[: self._size - self._position]
                self._position += len(kept)
                if kept:
                    yield kept
                if self._position == self._size:
                    return
        if self._size is not None and self._position < self._size:
            raise Broken(f"{self._title} ends after {human_size(self._position)} of {human_size(self._size)}")

    def _open(self) -> tuple[HttpAnswer, int]:
        """Return an answer, and the bytes of it that have come before: servers may ignore or refuse the range."""
        if self._position and self._uses_ranges:
            answer = self._ask({"Range": f"bytes={self._position}-"})
            stated = range_of(answer)
            if stated is not None and stated[0] == self._position:
                return answer, 0
            if answer.status == OK:
                return answer, self._position
            self._uses_ranges = False
            answer.leave()
        answer = self._ask({})
        self._length = answer.length
        return answer, self._position


def range_of(answer: HttpAnswer) -> tuple[int, int] | None:
    """Return the first and the last byte of the range in an answer, None if it is not one."""
    stated = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    return (int(stated[1]), int(stated[2])) if answer.status == PARTIAL and stated else None
