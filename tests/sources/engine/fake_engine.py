"""An engine's side of the API with answers of the test's choosing, for what no real engine can be made to say."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

Answer = bytes | Callable[[socket.socket], None]
"""The bytes of a whole answer, or a function that sends them as it likes."""


@dataclass
class FakeEngine:
    """Answers each connection's requests in turn; ``requests`` records their paths."""

    path: Path
    answers: Mapping[str, Answer]
    requests: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The address, as DOCKER_HOST has it."""
        return f"unix://{self.path}"


def answer(body: bytes, status: int = 200, headers: bytes = b"") -> bytes:
    """Return a whole answer; each of the headers ends with a new line."""
    return b"HTTP/1.1 %d X\r\n%bContent-Length: %d\r\n\r\n%b" % (status, headers, len(body), body)


def ping(api: str = "1.45", *, is_podman: bool = False) -> bytes:
    """Return the answer to a ping, whose headers hold the version."""
    podman = b"Libpod-Api-Version: 5.4.2\r\n" if is_podman else b""
    return answer(b"OK", headers=b"Api-Version: %b\r\n%b" % (api.encode(), podman))


@contextmanager
def fake_engine(path: Path, answers: Mapping[str, Answer]) -> Iterator[FakeEngine]:
    """Serve ``answers``, by path without the API version; a path that has none is never answered."""
    engine = FakeEngine(path, {"/_ping": ping(), **answers})
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(engine, listener, stack), daemon=True)
        thread.start()
        yield engine
        # accept() does not return when its socket is closed
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(engine: FakeEngine, listener: socket.socket, stack: ExitStack) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            stack.enter_context(connection)
            threading.Thread(target=_answer_requests, args=(engine, connection), daemon=True).start()


def _answer_requests(engine: FakeEngine, connection: socket.socket) -> None:
    with suppress(OSError), connection.makefile("rb") as requests:
        while line := requests.readline():
            target = line.split()[1].decode()
            engine.requests.append(target)
            while requests.readline().strip():
                pass
            path = target if target == "/_ping" else "/" + target.partition("?")[0].split("/", 2)[2]
            if path not in engine.answers:
                return
            reply = engine.answers[path]
            if callable(reply):
                reply(connection)
                return
            connection.sendall(reply)
            if b"Content-Length" not in reply:
                connection.shutdown(socket.SHUT_RDWR)
                return
