"""The causes that give two images, or two layers, other digests: what usually makes each, and what mends it."""

import re
from array import array
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from layerscope.model.documents import decode
from layerscope.model.raw_entry import ASPECTS, FILE_ASPECTS, Aspect, RawEntry
from layerscope.text import path_text, printable_name

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

_EXPLANATIONS: Mapping[tuple[Part, str], Explanation] = {
    (Part.COMPRESSION, "kind"): Explanation("another compression", "images are stored in other forms", _ONE_FORM),
    (Part.COMPRESSION, "mtime"): Explanation(
        "time in the gzip header", "gzip writes it", "compress with gzip -n", True
    ),
    (Part.COMPRESSION, "gzip-header"): Explanation("another gzip header", "another compressor", _ONE_LEVEL),
    (Part.COMPRESSION, "level"): Explanation("another compression level or compressor", "other settings", _ONE_LEVEL),
    (Part.ORDER, "order"): Explanation("another order of entries", "the file system's order of names", _ONE_BUILDER),
    (Part.HEADERS, Aspect.MTIME): Explanation("modification times", "the time of the build", _REWRITE, is_time=True),
    (Part.HEADERS, Aspect.ATIME): Explanation("access times", "a record of the builder", _ONE_BUILDER, is_time=True),
    (Part.HEADERS, Aspect.CTIME): Explanation("change times", "a record of the builder", _ONE_BUILDER, is_time=True),
    (Part.HEADERS, Aspect.OWNER_NAMES): Explanation(
        "names of owners", "the users of the machine that wrote the tar", "write the tar with --numeric-owner"
    ),
    (Part.HEADERS, Aspect.PAX): Explanation("other PAX records", "another builder", _ONE_BUILDER),
    (Part.HEADERS, Aspect.UNUSED_DEVICES): Explanation("unused device fields", "another builder", _ONE_BUILDER),
    (Part.HEADERS, "padding"): Explanation("zeros at the end of the tar", "another builder", _ONE_BUILDER),
    (Part.HEADERS, Aspect.FORMAT): Explanation("another format of headers", "another builder", _ONE_BUILDER),
    (Part.CONTENT, "package-logs"): Explanation(
        "logs of package managers", "they hold times", "delete /var/log/apt and /var/log/*.log in that RUN"
    ),
    (Part.CONTENT, "package-lists"): Explanation(
        "caches of package managers", "they change with the archive", "delete /var/lib/apt/lists/* in that RUN"
    ),
    (Part.CONTENT, "dpkg-backups"): Explanation(
        "backups of dpkg and debconf", "they hold an earlier state", "delete /var/lib/dpkg/*-old in that RUN"
    ),
    (Part.CONTENT, "ldconfig-cache"): Explanation(
        "cache of ldconfig", "it holds inodes and times", "delete /var/cache/ldconfig/aux-cache in that RUN"
    ),
    (Part.CONTENT, "font-cache"): Explanation(
        "cache of fontconfig", "it holds times", "delete /var/cache/fontconfig/* in that RUN"
    ),
    (Part.CONTENT, "python-bytecode"): Explanation(
        "bytecode of Python",
        "it holds times of sources",
        "set PYTHONDONTWRITEBYTECODE=1, or SOURCE_DATE_EPOCH in that RUN",
    ),
    (Part.CONTENT, "java-keystore"): Explanation(
        "keystore of Java", "it holds times of imports", "delete /etc/ssl/certs/java/cacerts in that RUN"
    ),
    (Part.CONTENT, "machine-id"): Explanation("machine id", "it is random", "empty /etc/machine-id in that RUN"),
    (Part.CONTENT, "user-caches"): Explanation("caches of a user", "they hold times", "delete ~/.cache in that RUN"),
    (Part.CONFIG, "created"): Explanation("time of the build", "written by builders", _STAMP, is_time=True),
    (Part.CONFIG, "builder"): Explanation("notes of the builder", "the classic builder", "build with BuildKit"),
    (Part.CONFIG, "format"): Explanation("another form of the JSON", "another builder", _ONE_BUILDER),
    (Part.MANIFEST, "created"): Explanation("time of the build", "written by builders", _STAMP, is_time=True),
    (Part.MANIFEST, "annotations"): Explanation("annotations", "options of the build", "give both the same"),
    (Part.MANIFEST, "media-types"): Explanation("media types", "images are stored in other forms", _ONE_FORM),
    (Part.MANIFEST, "format"): Explanation("another form of the JSON", "another builder", _ONE_BUILDER),
}

_MAKERS = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        ("package-logs", rb"var/log/(apt/|dnf|yum|apk|(dpkg|alternatives|bootstrap|fontconfig)\.log)"),
        ("package-lists", rb"var/(lib/apt/lists|cache/apt|cache/apk|cache/dnf|cache/yum)/"),
        ("dpkg-backups", rb"var/(lib/dpkg|cache/debconf)/[^/]*-old$"),
        ("ldconfig-cache", rb"var/cache/ldconfig/aux-cache$"),
        ("font-cache", rb"var/cache/fontconfig/"),
        ("python-bytecode", rb"(.*/)?[^/]+\.pyc$"),
        ("java-keystore", rb"etc/ssl/certs/java/cacerts$"),
        ("machine-id", rb"(etc|var/lib/dbus)/machine-id$"),
        ("user-caches", rb"(root|home/[^/]+)/\.(cache|npm)/"),
    )
)

_BUILDER_FIELDS = frozenset(
    {"container", "container_config", "docker_version", "id", "parent", "parent_id", "throwaway"}
)
_BUILDER_SETTINGS = frozenset({"Hostname", "Domainname", "Image", "AttachStdin", "AttachStdout", "AttachStderr"})
_TIME_NAMES = frozenset({"org.opencontainers.image.created", "org.label-schema.build-date", "build-date"})


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
        """What is known of the cause; None if the images differ in what they hold or do."""
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
        """What mends the causes, in sentences, with what makes each."""
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


class _Waiting:
    """The entries of one layer that the other has not had yet: hashes of their aspects, a few hundred bytes each.

    Those that are ``overtaken`` come before an entry that both have had: they come later in the other, if at all.
    """

    def __init__(self) -> None:
        self.ahead: OrderedDict[bytes, array[int]] = OrderedDict()
        self.overtaken: dict[bytes, array[int]] = {}

    def overtake(self, path: bytes | None = None) -> None:
        """Note that the entries up to this path were overtaken, or all of them."""
        while self.ahead:
            name, values = self.ahead.popitem(last=False)
            if name == path:
                return
            self.overtaken[name] = values


def compare_entries(old: Iterator[RawEntry], new: Iterator[RawEntry], causes: Causes) -> None:
    """Find in what the entries of two layers differ, in one pass over both.

    Takes memory for entries that only one layer has, or that come at another place; none for the others.
    """
    waiting, ends = (_Waiting(), _Waiting()), list[tuple[Hashable, ...]]()
    for pair in zip_longest(old, new):
        first, second = pair
        if first and second and first.path is not None and first.path == second.path:
            for side in waiting:
                side.overtake()
            _add_aspects(first.path, first.aspects, second.aspects, causes)
            continue
        for entry, own, other in zip(pair, waiting, reversed(waiting), strict=True):
            if entry is not None and entry.path is not None:
                _find(entry.path, entry.aspects, own, other, causes)
            elif entry is not None:
                ends.append(entry.aspects)
    (*one_end, one_fills), (*other_end, other_fills) = ends
    if one_end != other_end and not (bool(one_fills) and bool(other_fills)):
        causes.add(Part.HEADERS, "padding")
    for side, what in zip(waiting, ("only-old", "only-new"), strict=True):
        side.overtake()
        for name in side.overtaken:
            path = name.rstrip(b"\0")
            causes.add(Part.CONTENT, _maker(path) or what, path_text(path))


def _find(path: bytes, aspects: tuple[Hashable, ...], own: _Waiting, other: _Waiting, causes: Causes) -> None:
    """Compare an entry with the one of the same name that waits, or let it wait."""
    values = array("q", map(hash, aspects))
    found = other.overtaken.pop(path, None)
    if found is not None:
        causes.add(Part.ORDER, "order", path_text(path))
    elif (found := other.ahead.get(path)) is not None:
        own.overtake()
        other.overtake(path)
    if found is not None:
        _add_aspects(path, tuple(found), tuple(values), causes)
        return
    while path in own.ahead or path in own.overtaken:
        # a layer may have a name twice, and no name holds a zero byte
        path += b"\0"
    own.ahead[path] = values


def _add_aspects(path: bytes, old: tuple[Hashable, ...], new: tuple[Hashable, ...], causes: Causes) -> None:
    if old == new:
        return
    found = [aspect for aspect, value, other in zip(ASPECTS, old, new, strict=False) if value != other]
    for aspect in found or (Aspect.FORMAT,):
        maker = _maker(path) if aspect is Aspect.CONTENT else None
        causes.add(Part.CONTENT if aspect in FILE_ASPECTS else Part.HEADERS, maker or aspect, path_text(path))


def _maker(path: bytes) -> str | None:
    """Return what is known to write a file that differs from build to build, or None."""
    return next((what for what, pattern in _MAKERS if pattern.match(path)), None)


def compare_compression(
    old: bytes, new: bytes, kinds: tuple[str | None, str | None], causes: Causes, *, same_tar: bool
) -> None:
    """Find in what the compression of two blobs differs, of which the first bytes are given, if they are here.

    https://www.rfc-editor.org/rfc/rfc1952#section-2.3: a time at byte 4, the level at byte 8, then the system.
    """
    if kinds[0] != kinds[1]:
        causes.add(Part.COMPRESSION, "kind")
        return
    fields = {"mtime": slice(4, 8), "level": slice(8, 9)} if kinds[0] == "gzip" and old and new else {}
    found = [what for what, field in fields.items() if old[field] != new[field]]
    if fields and (old[:4] != new[:4] or old[9:10] != new[9:10] or _gzip_name(old) != _gzip_name(new)):
        found.append("gzip-header")
    for what in found or (["level"] if same_tar else []):
        causes.add(Part.COMPRESSION, what)


_GZIP_NAME_FLAG, _GZIP_HEADER_SIZE = 0x08, 10


def _gzip_name(start: bytes) -> bytes:
    has_name = len(start) > _GZIP_HEADER_SIZE and start[3] & _GZIP_NAME_FLAG
    return start[_GZIP_HEADER_SIZE:].partition(b"\0")[0] if has_name else b""


def compare_configs(old: bytes, new: bytes, causes: Causes) -> None:
    """Find in what two configs differ, apart from the diff_ids: the layers explain those."""
    _compare_documents(old, new, Part.CONFIG, causes)


def compare_manifests(old: bytes, new: bytes, causes: Causes) -> None:
    """Find in what two manifests differ, apart from digests and sizes: the layers and the config explain those."""
    _compare_documents(old, new, Part.MANIFEST, causes)


def _compare_documents(old: bytes, new: bytes, part: Part, causes: Causes) -> None:
    before, after = (dict(_fields(decode(document, dict, f"the {part}"))) for document in (old, new))
    # an object that is empty on one side alone is its fields on the other
    filled = {name[:end] for name in (*before, *after) for end in range(1, len(name))}
    names = [name for name in dict.fromkeys([*before, *after]) if name not in filled]
    differing = [name for name in names if before.get(name) != after.get(name)]
    kind_of = _config_kind if part is Part.CONFIG else _manifest_kind
    for name in differing:
        if (what := kind_of(name)) is not None:
            causes.add(part, what, ".".join(name))
    is_alike = list(before) == list(after) and _VALUE.sub(b"", old) == _VALUE.sub(b"", new)
    if old != new and (not differing or (before.keys() == after.keys() and not is_alike)):
        causes.add(part, "format")


_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s"{}\[\]:,]+')
_DEEPEST = 100

_Name = tuple[str, ...]


def _fields(value: object, name: _Name = ()) -> Iterator[tuple[_Name, object]]:
    """Yield the values of a document, each with its keys."""
    if isinstance(value, dict) and value and len(name) < _DEEPEST:
        for key, child in value.items():
            yield from _fields(child, (*name, key))
    elif isinstance(value, list) and len(name) < _DEEPEST and any(isinstance(child, dict) for child in value):
        for position, child in enumerate(value):
            yield from _fields(child, (*name, str(position)))
    else:
        yield name, value


def _config_kind(name: _Name) -> str | None:
    if name[:2] == ("rootfs", "diff_ids"):
        return None
    if name[-1] == "created" or name[-1] in _TIME_NAMES:
        return "created"
    if name[0] in _BUILDER_FIELDS or (name[0] == "config" and name[1:2] and name[1] in _BUILDER_SETTINGS):
        return "builder"
    word = name[1] if name[0] == "config" and len(name) > 1 else name[0]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", word).lower()


def _manifest_kind(name: _Name) -> str | None:
    if "annotations" in name:
        return "created" if name[-1] in _TIME_NAMES else "annotations"
    if name[0] in ("config", "layers") and name[-1] in ("digest", "size"):
        return None
    return "media-types" if name[-1] == "mediaType" else name[0]
