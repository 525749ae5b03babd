"""Images built twice: what differs is explained, and applying the explanation to one gives the digests of the other."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from layerscope.analysis.comparison.digest_causes import Cause
from layerscope.comparison.compare import compare_images
from layerscope.comparison.digests import digest_report
from layerscope.session.image_facts import stored_documents
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.sources.layer.content import tar_chunks
from tests.engines.hard_image import BUSYBOX, write_context
from tests.engines.tools import BUILDERS
from tests.tars import BLOCK, FIELDS, with_checksum

pytestmark = pytest.mark.engine

_TIMES = frozenset({b"mtime", b"atime", b"ctime"})


class Member(NamedTuple):
    """An entry of a tar: its PAX records and the blocks that hold them, its header, its content."""

    records: dict[bytes, bytes]
    front: bytes
    header: bytes
    content: bytes

    @property
    def name(self) -> bytes:
        fields = (self.header[FIELDS[field]].rstrip(b"\0") for field in ("prefix", "name"))
        return self.records.get(b"path") or b"/".join(fields)


def members(tar: bytes) -> Iterator[Member]:
    offset, front, records = 0, b"", dict[bytes, bytes]()
    while any(header := tar[offset : offset + BLOCK]):
        size = int(header[FIELDS["size"]].rstrip(b"\0 ") or b"0", 8)
        end = offset + BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK
        if header[FIELDS["flag"]] == b"x":
            front, body = tar[offset:end], tar[offset + BLOCK : offset + BLOCK + size]
            while body:
                length = int(body.partition(b" ")[0])
                key, _, value = body[:length].partition(b" ")[2][:-1].partition(b"=")
                records[key], body = value, body[length:]
        else:
            yield Member(records, front, header, tar[offset + BLOCK : end])
            front, records = b"", {}
        offset = end


def applied(old: bytes, new: bytes, causes: Sequence[str]) -> bytes:
    """Return the old tar with the times and the order of the new one, as far as these are causes."""
    news = {member.name: member for member in members(new)}
    olds = {member.name: member for member in members(old)}
    written = b""
    for name in news if "order" in causes else olds:
        member = olds[name]
        header, front = member.header, member.front
        if "mtime" in causes:
            other, field = news[name], FIELDS["mtime"]
            header = with_checksum(header[: field.start] + other.header[field] + header[field.stop :])
            kept = [
                {key: value for key, value in each.records.items() if key not in _TIMES} for each in (member, other)
            ]
            front = other.front if kept[0] == kept[1] else front
        written += front + header + member.content
    return written + old[sum(len(each.front + each.header + each.content) for each in olds.values()) :]


def tar_of(session: ImageSession, number: int) -> bytes:
    return b"".join(tar_chunks(session.layers.readable(number)))


def with_fields(old: Any, new: Any, causes: Sequence[Cause]) -> Any:
    """Return the config with the fields of the new one that are causes, and with the diff_ids of its layers."""
    old["rootfs"] = new["rootfs"]
    for cause in causes:
        if cause.what == "created":
            old["created"] = new["created"]
            for step, other in zip(old["history"], new["history"], strict=True):
                step["created"] = other["created"]
            continue
        for field in cause.examples:
            *folders, name = field.split(".")
            before, after = old, new
            for folder in folders:
                before, after = before[folder], after[folder]
            before[name] = after[name]
    return old


@pytest.mark.parametrize("name", BUILDERS)
def test_applying_what_is_said_of_two_builds_to_one_gives_the_digests_of_the_other(name: str, tmp_path: Path) -> None:
    if not BUSYBOX.exists():
        pytest.skip(f"no {BUSYBOX} on this machine")
    context = write_context(tmp_path / "context")
    images = [BUILDERS[name].build(context) for _ in range(2)]
    try:
        old_path, new_path = (image.save(tmp_path / f"{number}.tar") for number, image in enumerate(images))
    finally:
        for image in images:
            image.remove()
    with open_image(str(old_path)) as old, open_image(str(new_path)) as new:
        report = digest_report(compare_images(old.load(), new.load()))
        assert report.result == "explained", report
        whats = dict[tuple[int, int], list[str]]()
        for cause in report.causes:
            if cause.layer is not None and None not in cause.layer:
                whats.setdefault(cause.layer, []).append(cause.what)  # type: ignore[arg-type]
        # two builds within one second may give the same layers
        diff_ids = ([layer.diff_id for layer in session.image.layers] for session in (old, new))
        assert bool(whats) == (next(diff_ids) != next(diff_ids)), report
        for (old_layer, new_layer), causes in whats.items():
            tar = applied(tar_of(old, old_layer), tar_of(new, new_layer), causes)
            assert hashlib.sha256(tar).hexdigest() == str(new.image.layers[new_layer - 1].diff_id)[7:], report
        before, after = (json.loads(stored_documents(session.image)[0] or b"") for session in (old, new))
        assert with_fields(before, after, [cause for cause in report.causes if cause.part == "config"]) == after
