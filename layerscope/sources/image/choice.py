"""The choice of one image from a source with several tags or platforms."""

import os
from collections.abc import Iterable, Sequence
from itertools import accumulate

from msgspec.structs import replace

from layerscope.errors import AmbiguousImage, ImageNotFound, UnsupportedFormat
from layerscope.model.candidate import Candidate
from layerscope.model.documents import Digest, Platform
from layerscope.sources.image.name import ImageName
from layerscope.text import short_name

_MOST_CHOICES = 50
"""Choices in a list of one a line."""

_MOST_LISTED = 10
_LONGEST_LIST = 400
"""Items and characters of a list inside a sentence."""

_SHORTEST_DIGEST_PREFIX = 4

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armhf": "arm/v7",
    "armv7l": "arm/v7",
    "armv6l": "arm/v6",
    "i386": "386",
    "i686": "386",
    "x86": "386",
    "ppc64el": "ppc64le",
    "loongarch64": "loong64",
}
"""OCI names of the architectures that ``uname -m`` and users call something else."""

_DEFAULT_VARIANTS = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
"""The variant of an architecture without one: https://github.com/containerd/platforms/blob/main/database.go."""


def choices(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates that a user may choose from, without those that are set aside."""
    images = [candidate for candidate in candidates if candidate.set_aside is None]
    return tuple([candidate for candidate in images if not candidate.fallback] or images)


def choose(
    candidates: Sequence[Candidate], image: str | None = None, platform: str | None = None, *, name: str = "the source"
) -> Candidate:
    """Return the requested candidate.

    If several match the request, the only complete one is taken, else the only one for this machine. Errors call the
    source ``name``. Raises AmbiguousImage if several remain, ImageNotFound if none matches, and UnsupportedFormat if
    the source has no image at all.
    """
    images = choices(candidates)
    if image is None and not images:
        raise UnsupportedFormat(_no_image(candidates, name))
    fitting = _fitting(images, image, platform) or _fitting(candidates, image, platform)
    if not fitting:
        raise ImageNotFound(_nothing_fits(images, image, platform, name))
    if len(fitting) > 1 and all(candidate.set_aside for candidate in fitting):
        raise UnsupportedFormat(_only_artifacts(fitting, image, platform, name))
    complete = [candidate for candidate in fitting if candidate.complete] or fitting
    own = for_platform(complete, this_platform()) if len(complete) > 1 else complete
    if len(own) == 1:
        return own[0]
    which = f" {_wanted(image, platform)}" if image or platform else ""
    raise AmbiguousImage(
        f"{name} holds {len(fitting):,} images{which}; say which one with --image or --platform",
        [*(candidate.label for candidate in fitting[:_MOST_CHOICES]), *_more(len(fitting) - _MOST_CHOICES)],
    )


def this_platform() -> str:
    """Return the platform of this machine, in OCI names."""
    architecture = os.uname().machine.lower()
    return f"linux/{_ARCHITECTURES.get(architecture, architecture)}"


def _fitting(candidates: Sequence[Candidate], image: str | None, platform: str | None) -> list[Candidate]:
    fitting = list(candidates) if image is None else named(candidates, image)
    return fitting if platform is None else for_platform(fitting, platform)


def named(candidates: Sequence[Candidate], wanted: str) -> list[Candidate]:
    """Return the candidates with that name, by the strictest interpretation that matches any."""
    for matches in _INTERPRETATIONS:
        if named := [candidate for candidate in candidates if matches(candidate, wanted)]:
            return named
    return []


def _is_tag(candidate: Candidate, wanted: str) -> bool:
    return wanted in candidate.tags


def _is_short_tag(candidate: Candidate, wanted: str) -> bool:
    name = ImageName.parse(wanted)
    return name is not None and not name.digest and any(name.full == tag.full for tag in _names(candidate))


def _is_digest(candidate: Candidate, wanted: str) -> bool:
    prefix = _digest_prefix(wanted)
    digests = [digest for digest in (candidate.digest, candidate.config_digest) if digest]
    return _any_starts(digests, prefix)


def _is_digest_of_index(candidate: Candidate, wanted: str) -> bool:
    return _any_starts(candidate.indexes, _digest_prefix(wanted))


def _digest_prefix(wanted: str) -> str:
    return wanted.rpartition("@")[2].lower()


def _any_starts(digests: Iterable[Digest], prefix: str) -> bool:
    if ":" in prefix:
        return any(str(digest).startswith(prefix) for digest in digests) and not prefix.endswith(":")
    return len(prefix) >= _SHORTEST_DIGEST_PREFIX and any(digest.encoded.startswith(prefix) for digest in digests)


def _is_repository(candidate: Candidate, wanted: str) -> bool:
    name = ImageName.parse(wanted)
    if name is None or name.tag or name.digest:
        return False
    return any(name.repository == tag.repository for tag in _names(candidate))


def _is_end_of_tag(candidate: Candidate, wanted: str) -> bool:
    return any(tag.endswith((f":{wanted}", f"/{wanted}")) for tag in candidate.tags)


def requested_tag(candidate: Candidate, wanted: str) -> str | None:
    """Return the tag of the candidate that a requested name means, or None for a digest."""
    for fits in (_is_tag, _is_short_tag, _is_repository, _is_end_of_tag):
        for tag in candidate.tags:
            if fits(replace(candidate, tags=(tag,)), wanted):
                return tag
    return None


_INTERPRETATIONS = (_is_tag, _is_short_tag, _is_digest, _is_digest_of_index, _is_repository, _is_end_of_tag)


def _names(candidate: Candidate) -> list[ImageName]:
    return [name for name in map(ImageName.parse, candidate.tags) if name is not None]


def for_platform(candidates: Sequence[Candidate], wanted: str) -> list[Candidate]:
    """Return the candidates for a platform; without a variant, those of its default variant are preferred."""
    parts = platform_parts(wanted)
    fitting = [candidate for candidate in candidates if _fits_platform(candidate.platform, parts)]
    default = _DEFAULT_VARIANTS.get(parts[1])
    preferred = [c for c in fitting if c.platform and (c.platform.variant or default) == (parts[2] or default)]
    return preferred or fitting


def platform_parts(wanted: str) -> tuple[str, str, str]:
    """Return OS, architecture and variant of ``linux/arm64/v8``; ``arm64`` alone means ``linux/arm64``."""
    words = wanted.lower().split("/")
    if len(words) == 1:
        words.insert(0, "linux")
    architecture = _ARCHITECTURES.get(words[1], words[1])
    words[1:2] = architecture.split("/")
    return words[0], words[1], "/".join(words[2:])


def _fits_platform(platform: Platform | None, parts: tuple[str, str, str]) -> bool:
    if platform is None:
        return False
    os, architecture, variant = parts
    if (platform.os.lower(), platform.architecture.lower()) != (os, architecture):
        return False
    return not variant or variant == (platform.variant or _DEFAULT_VARIANTS.get(architecture))


def _no_image(candidates: Sequence[Candidate], name: str) -> str:
    kinds = list(dict.fromkeys(candidate.set_aside for candidate in candidates if candidate.set_aside))
    return f"{name} holds no image, only {_listed(kinds)}" if kinds else f"{name} holds no image: its list is empty"


def _nothing_fits(images: Sequence[Candidate], image: str | None, platform: str | None, name: str) -> str:
    held = _listed([_in_brief(candidate) for candidate in images])
    return f"{name} holds no image {_wanted(image, platform)}; it holds {held}"


def _wanted(image: str | None, platform: str | None) -> str:
    return " ".join([*([short_name(image)] if image else []), *([f"for {short_name(platform)}"] if platform else [])])


def _only_artifacts(artifacts: Sequence[Candidate], image: str | None, platform: str | None, name: str) -> str:
    kinds = _listed(list(dict.fromkeys(str(artifact.set_aside) for artifact in artifacts)))
    return f"{name} holds {len(artifacts)} artifacts {_wanted(image, platform)} and no such image: {kinds}"


def _in_brief(candidate: Candidate) -> str:
    digest = candidate.digest or candidate.config_digest
    title = candidate.tag_list or (str(digest) if digest else "an image without a tag")
    platform = short_name(str(candidate.platform or ""))
    return f"{title} ({platform})" if platform else title


def _listed(items: Sequence[str]) -> str:
    """Return the items as a list inside a sentence, cut to a readable length."""
    lengths = accumulate(len(item) for item in items[:_MOST_LISTED])
    count = max(1, sum(length <= _LONGEST_LIST for length in lengths))
    return ", ".join([*items[:count], *_more(len(items) - count)]) or "none"


def _more(count: int) -> list[str]:
    return [f"and {count:,} more"] if count > 0 else []
