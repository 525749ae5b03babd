"""The causes that give two images, or two layers, other digests: what usually makes each, and what mends it."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from layerscope.model.raw_entry import TarAspect
from layerscope.text import printable_name

_MOST_EXAMPLES = 3


class Part(StrEnum):
    """The part of an image in which digests differ, from the outside in."""

    COMPRESSION = "compression"
    ORDER = "order"
    HEADERS = "headers"
    CONTENT = "content"
    CONFIG = "config"
    MANIFEST = "manifest"


class Explanation(NamedTuple):
    """A well-known cause in words, what makes it, and what mends it. A ``time`` says nothing about what was built."""

    words: str
    made_by: str
    remedy: str
    is_time: bool = False


_REWRITE = "set SOURCE_DATE_EPOCH and the output's rewrite-timestamp=true (BuildKit), or --timestamp (podman, buildah)"
_STAMP = "set SOURCE_DATE_EPOCH (BuildKit), or --timestamp (podman, buildah)"
_ONE_BUILDER = "build both with the same version of one builder"
_ONE_FORM = "store or push both in one form: compression (BuildKit), --compression-format (podman, buildah)"
_ONE_LEVEL = (
    "compress both with one tool and level: compression-level (BuildKit), --compression-level (podman, buildah)"
)

_DELETABLE = {
    "package-logs": ("logs of package managers", "they hold times", "/var/log/apt and /var/log/*.log"),
    "package-lists": ("caches of package managers", "they change with the archive", "/var/lib/apt/lists/*"),
    "dpkg-backups": ("backups of dpkg and debconf", "they hold an earlier state", "/var/lib/dpkg/*-old"),
    "ldconfig-cache": ("cache of ldconfig", "it holds inodes and times", "/var/cache/ldconfig/aux-cache"),
    "font-cache": ("cache of fontconfig", "it holds times", "/var/cache/fontconfig/*"),
    "java-keystore": ("keystore of Java", "it holds times of imports", "/etc/ssl/certs/java/cacerts"),
    "user-caches": ("caches of a user", "they hold times", "~/.cache"),
}
"""Content that no image needs: its words, why it differs, and the paths to delete."""

_EXPLANATIONS: Mapping[tuple[Part, str], Explanation] = {
    (Part.COMPRESSION, "kind"): Explanation("another compression", "images are stored in other forms", _ONE_FORM),
    (Part.COMPRESSION, "mtime"): Explanation(
        "time in the gzip header", "gzip writes it", "compress with gzip -n", True
    ),
    (Part.COMPRESSION, "gzip-header"): Explanation("another gzip header", "another compressor", _ONE_LEVEL),
    (Part.COMPRESSION, "level"): Explanation("another compression level or compressor", "other settings", _ONE_LEVEL),
    (Part.ORDER, "order"): Explanation("another order of entries", "the file system's order of names", _ONE_BUILDER),
    (Part.HEADERS, TarAspect.MTIME): Explanation("modification times", "the time of the build", _REWRITE, is_time=True),
    (Part.HEADERS, TarAspect.ATIME): Explanation("access times", "a record of the builder", _ONE_BUILDER, is_time=True),
    (Part.HEADERS, TarAspect.CTIME): Explanation("change times", "a record of the builder", _ONE_BUILDER, is_time=True),
    (Part.HEADERS, TarAspect.OWNER_NAMES): Explanation(
        "names of owners", "the users of the machine that wrote the tar", "write the tar with --numeric-owner"
    ),
    (Part.HEADERS, TarAspect.PAX): Explanation("other PAX records", "another builder", _ONE_BUILDER),
    (Part.HEADERS, TarAspect.UNUSED_DEVICES): Explanation("unused device fields", "another builder", _ONE_BUILDER),
    (Part.HEADERS, "padding"): Explanation("zeros at the end of the tar", "another builder", _ONE_BUILDER),
    (Part.HEADERS, TarAspect.FORMAT): Explanation("another format of headers", "another builder", _ONE_BUILDER),
    **{
        (Part.CONTENT, what): Explanation(words, made_by, f"delete {paths} in that RUN")
        for what, (words, made_by, paths) in _DELETABLE.items()
    },
    (Part.CONTENT, "python-bytecode"): Explanation(
        "bytecode of Python",
        "it holds times of sources",
        "set PYTHONDONTWRITEBYTECODE=1, or SOURCE_DATE_EPOCH in that RUN",
    ),
    (Part.CONTENT, "machine-id"): Explanation("machine id", "it is random", "empty /etc/machine-id in that RUN"),
    (Part.CONFIG, "created"): Explanation("time of the build", "written by builders", _STAMP, is_time=True),
    (Part.CONFIG, "builder"): Explanation("notes of the builder", "the classic builder", "build with BuildKit"),
    (Part.CONFIG, "format"): Explanation("another form of the JSON", "another builder", _ONE_BUILDER),
    (Part.MANIFEST, "created"): Explanation("time of the build", "written by builders", _STAMP, is_time=True),
    (Part.MANIFEST, "annotations"): Explanation("annotations", "options of the build", "give both the same"),
    (Part.MANIFEST, "media-types"): Explanation("media types", "images are stored in other forms", _ONE_FORM),
    (Part.MANIFEST, "format"): Explanation("another form of the JSON", "another builder", _ONE_BUILDER),
}

_OTHERS = {
    "only-old": "only in the old image",
    "only-new": "only in the new image",
    "unreadable": "the layer cannot be read",
    "unread": "fields that the engine does not report",
    "digest": "the same bytes: one of the digests is wrong",
    "xattrs": "extended attributes",
}


class Cause(NamedTuple):
    """One kind of difference, in a pair of layers (old, new; None if an image has no such layer) or in a document.

    ``entries`` counts the entries of the tar, or the fields of the document, and ``examples`` are some of their names.
    """

    part: Part
    layer: tuple[int | None, int | None] | None
    what: str
    entries: int = 1
    examples: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The layer, by its number, or by both if its numbers differ, or the document."""
        if self.layer is None:
            return self.part.value
        numbers = dict.fromkeys(number for number in self.layer if number)
        return f"layer {'/'.join(map(str, numbers))}"

    @property
    def words(self) -> str:
        """The cause in words, without its examples."""
        return self.explanation.words if self.explanation else _OTHERS.get(self.what, self.what)

    @property
    def example_words(self) -> str:
        """The examples, safe for a screen; an ellipsis if there are more."""
        more = ["…"] if self.examples and self.entries > len(self.examples) else []
        return ", ".join([*map(printable_name, self.examples), *more])

    @property
    def explanation(self) -> Explanation | None:
        """The known facts about the cause; None if the images differ in what they contain or do."""
        return _EXPLANATIONS.get((self.part, self.what))


class DigestReport(NamedTuple):
    """All causes, in the order of the layers, then those in the config and in the manifest."""

    causes: tuple[Cause, ...]

    @property
    def result(self) -> str:
        """``same``, ``explained`` if each cause is a well-known one that has a remedy, or ``different``."""
        if not self.causes:
            return "same"
        return "different" if None in [cause.explanation for cause in self.causes] else "explained"

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        if not self.causes:
            return "The digests are the same."
        if self.is_time_only:
            return "The digests differ only by times."
        known = self.result == "explained"
        return f"The digests differ {'by well-known causes alone' if known else 'as what the images hold differs'}."

    @property
    def remedies(self) -> list[str]:
        """The remedies, in sentences, each with its usual origin."""
        found: dict[str, dict[str, None]] = {}
        for cause in self.causes:
            if (known := cause.explanation) is not None:
                found.setdefault(known.remedy, {})[f"{known.words} ({known.made_by})"] = None
        return [f"To mend {', '.join(words)}: {remedy}." for remedy, words in found.items()]

    @property
    def is_time_only(self) -> bool:
        """True if nothing differs but times."""
        return all(cause.explanation is not None and cause.explanation.is_time for cause in self.causes)


class Causes:
    """The causes found in a pair of layers or in a document, with their counts and some examples."""

    def __init__(self, layer: tuple[int | None, int | None] | None = None) -> None:
        self._layer = layer
        self._found: dict[tuple[Part, str], tuple[int, tuple[str, ...]]] = {}

    def add(self, part: Part, what: str, example: str = "") -> None:
        count, examples = self._found.get((part, what), (0, ()))
        if example and len(examples) < _MOST_EXAMPLES:
            examples += (example,)
        self._found[part, what] = count + 1, examples

    def __bool__(self) -> bool:
        return bool(self._found)

    def __iter__(self) -> Iterator[Cause]:
        parts = tuple(Part)
        for (part, what), found in sorted(self._found.items(), key=lambda item: parts.index(item[0][0])):
            yield Cause(part, self._layer, str(what), *found)
