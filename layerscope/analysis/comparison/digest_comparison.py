"""The search for the causes of other digests: in entries, in compression, and in the config and the manifest."""

import re
from array import array
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from itertools import zip_longest

from layerscope.analysis.comparison.digest_causes import Causes, Part
from layerscope.model.documents import decode
from layerscope.model.raw_entry import ASPECTS, FILE_ASPECTS, RawEntry, TarAspect
from layerscope.text import path_text

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
    for aspect in found or (TarAspect.FORMAT,):
        maker = _maker(path) if aspect is TarAspect.CONTENT else None
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


def compare_documents(old: bytes, new: bytes, part: Part, causes: Causes) -> None:
    """Find in what two configs or manifests differ, apart from the digests and sizes that other causes explain."""
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
