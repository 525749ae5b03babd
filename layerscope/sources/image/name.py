"""Names of images, and their short forms.

https://github.com/distribution/reference/blob/main/reference.go
"""

import re
from typing import Self

from msgspec import Struct

_DOMAIN = r"(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.[a-zA-Z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_GRAMMAR = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
DEFAULT_DOMAIN = "docker.io"
_LOCAL_DOMAIN = "localhost"
_LONGEST = 512


class ImageName(Struct, frozen=True):
    """``domain/path:tag@digest``; missing parts are empty."""

    domain: str
    path: str
    tag: str
    digest: str

    @classmethod
    def as_written(cls, text: str) -> Self | None:
        """Return the name with the parts that are written, or None if the text is not a valid name."""
        match = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
        if match is None:
            return None
        domain, path = match["domain"] or "", match["path"]
        # the first part is a registry by the rule of the engines
        if domain and domain != _LOCAL_DOMAIN and "." not in domain and ":" not in domain:
            if domain != domain.lower():
                return None
            domain, path = "", f"{domain}/{path}"
        return cls(domain, path, match["tag"] or "", match["digest"] or "")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the name without ``docker.io/library/``, as engines shorten it, or None if it is not a valid one."""
        name = cls.as_written(text)
        if name is None or name.domain not in (DEFAULT_DOMAIN, f"index.{DEFAULT_DOMAIN}", _LOCAL_DOMAIN):
            return name
        return cls("", name.path.removeprefix("library/"), name.tag, name.digest)

    @property
    def repository(self) -> str:
        """The name without tag and digest."""
        return f"{self.domain}/{self.path}" if self.domain else self.path

    @property
    def full(self) -> str:
        """The name with its tag, ``latest`` by default."""
        return f"{self.repository}:{self.tag or 'latest'}"
