"""A fake engine that exports images: what it says of them, and an export that a test can hold or break."""

import io
import json
import socket
import tarfile
from collections.abc import Iterable, Sequence
from threading import Event

from tests.builders import ImageRecipe, Members, archive_bytes, docker_files, sha256
from tests.sources.engine.fake_engine import Answer, answer


def described(made: ImageRecipe, tags: Sequence[str]) -> dict[str, object]:
    """Return what an engine with a graph driver says of an image."""
    config = json.loads(made.config_json)
    return {
        "Id": sha256(made.config_json),
        "RepoTags": list(tags),
        "Architecture": config["architecture"],
        "Os": config["os"],
        "RootFS": {"Type": "layers", "Layers": config["rootfs"]["diff_ids"]},
        "Config": config.get("config", {}),
    }


def listed_history(made: ImageRecipe) -> list[dict[str, object]]:
    """Return the history as an engine gives it: newest first, and without saying which lines made a layer."""
    lines = json.loads(made.config_json).get("history", [])
    return [
        {"CreatedBy": line.get("created_by", ""), "Size": 0 if line.get("empty_layer") else 1, "Created": 1}
        for line in reversed(lines)
    ]


def image_answers(made: ImageRecipe, tag: str, export: Answer | None = None) -> dict[str, Answer]:
    """Return the answers about one image; by default its export is whole."""
    image_id = sha256(made.config_json)
    details = answer(json.dumps(described(made, [tag])).encode())
    return {
        "/info": answer(b"{}"),
        f"/images/{tag}/json": details,
        f"/images/{image_id}/json": details,
        f"/images/{image_id}/history": answer(json.dumps(listed_history(made)).encode()),
        f"/images/{image_id}/get": answer(archive_bytes(docker_files(made))) if export is None else export,
    }


def in_order(files: Members, names: Iterable[str]) -> bytes:
    """Return an archive with its files in this order."""
    return archive_bytes({name: files[name] for name in names})


def offset_behind(archive: bytes, name: str) -> int:
    """Return the offset at which the content of a file of an archive has ended."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.getmember(name)
        return member.offset_data + member.size


def chunked(connection: socket.socket, data: bytes) -> None:
    """Send a part of an answer as Docker does."""
    connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))


class HeldExport:
    """An export that is silent until it may begin, and stops at an offset until it may end."""

    def __init__(self, archive: bytes, held_at: int) -> None:
        self.may_begin = Event()
        self.may_end = Event()
        self._archive = archive
        self._held_at = held_at

    def __call__(self, connection: socket.socket) -> None:
        self.may_begin.wait()
        connection.sendall(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunked(connection, self._archive[: self._held_at])
        self.may_end.wait()
        chunked(connection, self._archive[self._held_at :])
        connection.sendall(b"0\r\n\r\n")

    def release(self) -> None:
        """Let it begin and end."""
        self.may_begin.set()
        self.may_end.set()
