"""Another address of an engine's socket, which counts what passes.

An engine behind TCP could run on any machine, so its store is not read: this is how a test gets an export.
"""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_CHUNK = 256 * 1024


@dataclass
class Forwarder:
    """The address, the bytes that the engine has sent, and the first line of every request."""

    host: str
    received: int = 0
    requests: list[str] = field(default_factory=list)


@contextmanager
def forwarded(path: str, at: Path | None = None) -> Iterator[Forwarder]:
    """Forward a TCP port of this machine, or the Unix socket ``at``, to a Unix socket."""
    with _listener(at) as listener:
        forwarder = Forwarder(f"unix://{at}" if at else f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        accepting = threading.Thread(target=_accept, args=(listener, path, forwarder), daemon=True)
        accepting.start()
        yield forwarder
        # accept() does not return when its socket is closed
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _listener(at: Path | None) -> socket.socket:
    if at is None:
        return socket.create_server(("127.0.0.1", 0))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(at))
    listener.listen()
    return listener


def _accept(listener: socket.socket, path: str, forwarder: Forwarder) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_forward, args=(client, path, forwarder), daemon=True).start()


def _forward(client: socket.socket, path: str, forwarder: Forwarder) -> None:
    with client, socket.socket(socket.AF_UNIX) as engine, selectors.DefaultSelector() as selector, suppress(OSError):
        engine.connect(path)
        selector.register(client, selectors.EVENT_READ, engine)
        selector.register(engine, selectors.EVENT_READ, client)
        while True:
            for key, _ in selector.select():
                source, target = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                data = source.recv(_CHUNK)
                if not data:
                    return
                if source is engine:
                    forwarder.received += len(data)
                elif data.startswith((b"GET ", b"HEAD ", b"POST ")):
                    forwarder.requests.append(data.partition(b"\r\n")[0].decode())
                target.sendall(data)
