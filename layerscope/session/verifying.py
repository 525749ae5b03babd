"""The check of an image: its documents' statements are compared with its blobs, each of which is read once."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial

from msgspec import Struct, json
from msgspec.structs import replace

from layerscope.analysis.tree.hazards import colliding_names, impossible_entries
from layerscope.errors import DigestMismatch, FormatError, os_reason
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Claim, Compression, FileSpan, Image, Layer, TableOfContents
from layerscope.model.progress import Progress
from layerscope.session.image_session import ImageSession
from layerscope.session.reading.forked import ForkedWork
from layerscope.session.reading.layer_parts import ROWS, entries_in, entries_message
from layerscope.session.reading.layer_reading import LayerStack
from layerscope.sources.layer.verification import FoundBytes, find_bytes
from layerscope.sources.registry.table import found_table
from layerscope.sources.stream.compression import SpanFile
from layerscope.text import plural, printable_path, short_name
from layerscope.work import IsStopped, in_parallel, processes_at_once

_SUBJECTS = ("index", "manifest", "config", "layer")
_ALGORITHMS = ("sha256", "sha384", "sha512")
_CHUNK = 1024 * 1024
_REPORTED = 4 * 1024 * 1024
"""Stored bytes between two reports."""

_MOST_EXAMPLES = 3
_ONLY_IN_TAR = (b"stargz.index.json", b".prefetch.landmark", b".no.prefetch.landmark")
"""Files that eStargz adds to a layer, the table among them."""


class Result(StrEnum):
    """The result of a check; a note is about what may be intended, and does not count."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    NOTE = "note"


class Check(Struct, frozen=True):
    """One check of one blob: what a document says, what was found, and in ``text`` what that means."""

    check: str
    subject: str
    layer: int | None
    digest: str | None
    result: Result
    expected: str | int | None
    found: str | int | None
    text: str


class Verification(Struct, frozen=True):
    """All checks of an image, from the index to the layers."""

    name: str
    checks: Sequence[Check]

    @property
    def result(self) -> Result:
        """Wrong if anything is, else unknown if anything is, else right."""
        results = {check.result for check in self.checks}
        return next((result for result in (Result.WRONG, Result.UNKNOWN) if result in results), Result.RIGHT)


def contradicted(name: str, error: DigestMismatch) -> Verification:
    """Return the verification of an image of which its source has got other bytes than it has to have."""
    return Verification(name, [_check("digest", Claim("manifest"), Result.WRONG, str(error))])


def check_image(session: ImageSession, progress: Progress) -> Verification:
    """Check an open image; raises ReadingStopped."""
    image, claims = session.image, defaultdict[int, list[Claim]](list)
    for claim in image.claims():
        claims[claim.layer or 0].append(claim)
    read, found = _read(image, claims, progress)
    documents = sorted(claims[0], key=lambda claim: _SUBJECTS.index(claim.subject))
    checks = [check for claim in documents for check in _document_checks(claim)]
    # an image in the store of an engine has no documents here, and a config that has been read
    config = next((claim for claim in claims[0] if claim.subject == "config"), None)
    if not (config.problem or config.error) if config else not documents:
        checks += _config_checks(image, claims, config or Claim("config", digest=image.config_digest))
    # looked up by digest, because each of 65,535 layers may have another diff_id than it should
    tars = {digest: number for number, other in reversed(found.items()) for digest in other.tar_digests.values()}
    for layer in image.layers:
        here = found.get(layer.number, FoundBytes(unread=layer.problem or "its content is not here"))
        checks += _layer_checks(layer, claims[layer.number], here, tars)
        if not (here.broken or here.unread) and layer.compression is not None:
            checks.append(_entries_check(layer, read[layer.number]))
            tables = dict.fromkeys(claim.table for claim in claims[layer.number] if claim.table)
            checks += [each for table in tables for each in _table_checks(layer, table, read[layer.number])]
    stack = LayerStack()
    for number in sorted(read):
        stack.apply(number, read[number])
    # the list, the names and the manifests of an archive say the same, each once more
    name = f"{image.name} ({image.platform})" if str(image.platform) else image.name
    return Verification(name, list(dict.fromkeys([*checks, *_tree_checks(stack)])))


_Message = tuple[bytes, int, bytes]
"""Frames of entries, the stored bytes read so far, and at the end what was found."""


def _read(
    image: Image, claims: Mapping[int, Sequence[Claim]], progress: Progress
) -> tuple[dict[int, LayerEntries], dict[int, FoundBytes]]:
    """Read each blob once, the largest first; return the entries of each layer, and what was found of its bytes."""
    sharing = dict[object, list[Layer]]()
    for layer in image.layers:
        if layer.blob is not None or layer.unpacked is not None:
            sharing.setdefault((layer.blob, layer.unpacked, layer.compression), []).append(layer)
    groups = sorted(sharing.values(), key=lambda same: -(same[0].blob_size or 0))
    digests = [layer.diff_id for layer in image.layers] + [claim.digest for each in claims.values() for claim in each]
    algorithms = {"sha256", *(each.algorithm for each in digests if each and each.algorithm in _ALGORITHMS)}
    total, done = sum(same[0].blob_size or 0 for same in groups), [0] * len(groups)
    entries = [LayerEntries() for _ in groups]
    found = dict[int, FoundBytes]()
    for index, (frames, done[index], result) in _messages([same[0] for same in groups], algorithms):
        entries[index].extend(entries_in(frames))
        progress(sum(done), total)
        if result:
            found |= dict.fromkeys((layer.number for layer in groups[index]), json.decode(result, type=FoundBytes))
    return {layer.number: each for same, each in zip(groups, entries, strict=True) for layer in same}, found


def _messages(layers: Sequence[Layer], algorithms: Collection[str]) -> Iterator[tuple[int, _Message]]:
    """Yield what processes find, or threads where no process can be forked, each message with the layer's index."""
    work, count = partial(_examined, algorithms=algorithms), min(processes_at_once(), len(layers))
    if count > 1:
        with ForkedWork(work, layers, count) as forked:
            if forked.is_started:
                messages = forked.messages(iter(range(len(layers))))
                yield from ((index, message) for index, message in messages if message is not None)
                return
    results = in_parallel(lambda layer, is_stopped: list(work(layer, is_stopped)), layers)
    yield from ((index, message) for index, messages in enumerate(results) for message in messages)


def _examined(layer: Layer, is_stopped: IsStopped, *, algorithms: Collection[str]) -> Iterator[_Message]:
    entries, reported, found = LayerEntries(), 0, FoundBytes()

    def reading() -> Iterator[int]:
        nonlocal found
        found = yield from find_bytes(layer, algorithms, entries, is_stopped)

    for done in reading():
        if len(entries.table) >= ROWS or done - reported >= _REPORTED:
            reported = done
            yield entries_message(entries.take()), done, b""
    yield entries_message(entries), layer.blob_size or 0, json.encode(found)


def _check(
    check: str,
    claim: Claim,
    result: Result,
    text: str,
    figures: tuple[str | int | None, str | int | None] = (None, None),
) -> Check:
    """Return a check; the ``figures`` are what was expected, and what was found."""
    digest = None if claim.digest is None else str(claim.digest)
    return Check(check, claim.subject, claim.layer, digest, result, *figures, text)


def _compared(check: str, claim: Claim, expected: str | int, found: str | int, text: str) -> Check:
    """Return a check of what was found; the text is for what is not as expected."""
    if found == expected:
        return _check(check, claim, Result.RIGHT, "as stated", (expected, found))
    return _check(check, claim, Result.WRONG, text, (expected, found))


def _document_checks(claim: Claim) -> Iterator[Check]:
    if claim.span is None:
        result = Result.WRONG if claim.is_contradicted else Result.UNKNOWN
        yield _check("digest", claim, result, claim.problem or "its bytes are not here")
        return
    is_known = claim.digest is not None and claim.digest.algorithm in _ALGORITHMS
    hashed = hashlib.new(claim.digest.algorithm if claim.digest and is_known else "sha256")
    try:
        with SpanFile(claim.span) as file:
            while chunk := file.read1(_CHUNK):
                hashed.update(chunk)
    except (FormatError, OSError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        yield _check("digest", claim, Result.UNKNOWN, f"the {claim.subject} cannot be read: {reason}")
        return
    yield from _stored_checks(claim, claim.span, claim.span.size, {hashed.name: hashed.hexdigest()})
    if claim.error is not None:
        yield _check("media_type", claim, Result.WRONG, claim.error, (claim.media_type or None, None))
    elif claim.media_type and claim.own_media_type:
        text = f"the {claim.subject} calls itself something else than its descriptor does, and engines may refuse it"
        yield _compared("media_type", claim, claim.media_type, claim.own_media_type, text)


def _stored_checks(claim: Claim, span: FileSpan | None, size: int, digests: Mapping[str, str]) -> Iterator[Check]:
    """Check the bytes of a blob as they are stored."""
    expected = claim.size
    if span is not None and span.truncated:
        expected = max(span.stated_size, claim.size or 0)
    if expected is not None:
        missing = expected - size
        text = f"the {claim.subject} has {plural(-missing, 'byte')} more than its descriptor says"
        if missing > 0:
            text = f"the {claim.subject} is cut: {plural(missing, 'byte')} of its end are missing"
        yield _compared("size", claim, expected, size, text)
    if claim.digest is None:
        return
    encoded = digests.get(claim.digest.algorithm)
    if encoded is None:
        text = f"digests of the kind {short_name(claim.digest.algorithm)} cannot be computed"
        yield _check("digest", claim, Result.UNKNOWN, text, (str(claim.digest), None))
        return
    text = f"the {claim.subject} has other bytes than its digest says: it was changed or damaged, and engines refuse it"
    yield _compared("digest", claim, str(claim.digest), f"{claim.digest.algorithm}:{encoded}", text)


def _config_checks(image: Image, claims: Mapping[int, Sequence[Claim]], config: Claim) -> Iterator[Check]:
    """Check the counts of layers, and the platform, that the config has in common with other documents."""
    layers = sum(not layer.writable for layer in image.layers)
    listed = max([number for number, about in claims.items() if about] + [layers])
    diff_ids = len(image.config.diff_ids)
    text = f"the config names {plural(diff_ids, 'diff_id')} for {plural(listed, 'layer')}: engines refuse the image"
    yield _compared("config", config, listed, diff_ids, text)
    if listed != layers:
        text = f"the manifest lists {plural(listed, 'layer')}, and manifest.json {layers:,}: programs see two images"
        yield _check("config", Claim("manifest"), Result.WRONG, text, (listed, layers))
    platform = next((claim.platform for claim in claims[0] if claim.platform and str(claim.platform)), None)
    if platform is not None:
        stated, own = (f"{each.os}/{each.architecture}" for each in (platform, image.platform))
        text = "the index and the config name different platforms: engines choose by the one, and run by the other"
        yield _compared("config", config, short_name(stated), short_name(own), text)
    if image.config.history:
        made = sum(not line.empty_layer for line in image.config.history)
        text = f"the history describes {plural(made, 'layer')}, not {layers:,}: instructions may belong to other layers"
        yield _compared("history", config, layers, made, text)


def _layer_checks(layer: Layer, claims: Sequence[Claim], here: FoundBytes, tars: Mapping[str, int]) -> Iterator[Check]:
    whole = Claim("layer", layer.number, layer.digest)
    if here.size is None and layer.unpacked is None:
        result = Result.WRONG if layer.contradicts else Result.UNKNOWN
        yield _check(layer.contradicts or "digest", whole, result, here.unread or "")
        return
    is_stated = any(claim.size is not None for claim in claims)
    for claim in claims or ([whole] if layer.blob is not None and layer.blob.truncated else []):
        yield from _stored_checks(claim, None if is_stated else layer.blob, here.size or 0, here.digests)
    for media_type in dict.fromkeys(claim.media_type for claim in claims):
        if "tar" in media_type and layer.compression is not None:
            stated = next((kind for kind in Compression if media_type.endswith(kind)), Compression.NONE)
            text = f"its media type says {stated}, and its bytes are {layer.compression}: not all programs unpack it"
            yield _compared("media_type", whole, stated.value, layer.compression.value, text)
    if not layer.writable:
        yield _diff_id_check(layer, whole, here, tars)
    elif reason := here.broken or here.unread:
        # the container goes on writing, perhaps
        yield _check("entries", whole, Result.UNKNOWN, reason)


def _diff_id_check(layer: Layer, claim: Claim, here: FoundBytes, tars: Mapping[str, int]) -> Check:
    expected = layer.diff_id
    stated = None if expected is None else str(expected)
    if here.broken is not None:
        text = f"{here.broken}: nobody can unpack the layer"
        return _check("diff_id", claim, Result.WRONG, text, (stated, None))
    if here.unread is not None or layer.problem is not None:
        return _check("diff_id", claim, Result.UNKNOWN, here.unread or layer.problem or "", (stated, None))
    algorithm = expected.algorithm if expected else "sha256"
    encoded = here.tar_digests.get(algorithm)
    if expected is None or encoded is None:
        text = "no diff_id for it can be read in the config"
        return _check("diff_id", claim, Result.UNKNOWN, text, (stated, encoded and f"{algorithm}:{encoded}"))
    text = "its tar is not the one that the config names: it was changed or damaged, and engines refuse to unpack it"
    if expected.encoded in tars:
        text = f"the config names the tar of layer {tars[expected.encoded]} here: one order of layers is wrong"
    return _compared("diff_id", claim, str(expected), f"{algorithm}:{encoded}", text)


def _entries_check(layer: Layer, entries: LayerEntries) -> Check:
    claim = Claim("layer", layer.number, layer.digest)
    if entries.error is not None:
        return _check("entries", claim, Result.WRONG, f"its tar cannot be listed whole: {entries.error}")
    if entries.warnings:
        return _check("entries", claim, Result.NOTE, _some(entries.warnings))
    return _check("entries", claim, Result.RIGHT, f"{plural(len(entries.table), 'entry', 'entries')} can be read")


def _table_checks(layer: Layer, table: TableOfContents, entries: LayerEntries) -> Iterator[Check]:
    """Compare the table of contents of a layer with its tar: Podman believes the one, and others the other."""
    claim = Claim("layer", layer.number, table.digest)
    digest, listed = (None, None) if layer.blob is None else found_table(layer.blob, table)
    if digest is not None:
        text = "the table of contents in the layer is not the one that the manifest names: engines do not use it"
        yield _compared("digest", claim, str(table.digest), str(digest), text)
    if listed is None:
        yield _check("entries", claim, Result.NOTE, "its table of contents cannot be compared with its tar")
        return
    stated, found = (
        {entry.path: replace(entry, row=None) for entry in each if entry.path not in _ONLY_IN_TAR}
        for each in (listed, entries)
    )
    odd = [printable_path(path) for path in sorted(stated.keys() | found) if stated.get(path) != found.get(path)]
    hidden = {each.path for each in listed.whiteouts} ^ {each.path for each in entries.whiteouts}
    odd += [printable_path(path) for path in sorted(hidden)]
    text = f"its table of contents and its tar differ, and engines take the one or the other: {_some(odd)}"
    yield _compared("entries", claim, 0, len(odd), text)


def _tree_checks(stack: LayerStack) -> Iterator[Check]:
    """Note what some systems cannot hold of the final image, by the layer that wrote it."""
    tree, pairs, refused = stack.tree(), defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)
    for layer, first, second in colliding_names(tree):
        pairs[layer].append(f"{printable_path(first)} and {printable_path(second)}")
    for layer, path, reason in impossible_entries(tree):
        refused[layer].append(f"{printable_path(path)} ({reason})")
    for number, names in sorted(pairs.items()):
        text = f"names differ only in case, and replace each other where case does not count: {_some(names)}"
        yield _check("names", Claim("layer", number), Result.NOTE, text, (None, len(names)))
    for number, paths in sorted(refused.items()):
        text = f"entries that extraction refuses: {_some(paths)}"
        yield _check("entries", Claim("layer", number), Result.NOTE, text, (None, len(paths)))


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_EXAMPLES
    return ", ".join(texts[:_MOST_EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")
