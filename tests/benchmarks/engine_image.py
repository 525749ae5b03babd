"""Measure an image of the local Docker or podman: the first and the second list, the export, the first screen.

    python tests/benchmarks/engine_image.py my-app:v1
    setpriv --reuid=1000 --regid=1000 --groups=docker python tests/benchmarks/engine_image.py my-app:v1

Who may read the engine's store, as root may, needs no export; the second line measures what others get. The export is
compared with the engine's own, whose bytes are dropped, and the first screen with that for an archive of the image.
Run it with the Python of an environment with layerscope installed, not editable, and without PYTHONDONTWRITEBYTECODE.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from first_paint import last_instruction, until_shown
from known_image import LAYERSCOPE, first_seconds, seconds
from pairs import in_pairs, print_pairs

from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.lookup import engine_image
from layerscope.sources.engine.transport import open_connection
from layerscope.sources.request import parse_reference

BUFFER = 1024 * 1024


class Exported:
    """An image that an engine can export."""

    def __init__(self, image: str) -> None:
        reference = parse_reference(image)
        if reference is None:
            sys.exit(f"{image} is not an image of an engine")
        with engine_image(reference) as found:
            self.endpoint, self.image_id = found.client.endpoint, found.details.image_id

    def seconds(self) -> float:
        """Return the duration of an export whose bytes are dropped."""
        started = time.perf_counter()
        with ExitStack() as resources:
            socket = open_connection(self.endpoint, resources).socket
            socket.settimeout(None)
            path = f"/images/{self.image_id}/get"
            socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            buffer = bytearray(BUFFER)
            while socket.recv_into(buffer):
                pass
        return time.perf_counter() - started

    def save(self, path: Path) -> None:
        """Write the export to a file."""
        with EngineClient(self.endpoint) as client, path.open("wb") as file:
            file.writelines(client.export([self.image_id], self.image_id))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    image, exported = options.image, Exported(options.image)
    command = ["layers", image, "--json"]
    with tempfile.TemporaryDirectory() as folder:
        print("layers, the second and the first time")
        again, first = (
            partial(seconds, command, Path(folder) / "known"),
            partial(first_seconds, command, Path(folder) / "empty"),
        )
        print_pairs(in_pairs(again, first, options.pairs), "known", "first time")
        print("layers, the first time, and the engine's own export")
        print_pairs(in_pairs(first, exported.seconds, options.pairs), "layers", "export")
        print("the first screen, and that for an archive of the image")
        archive = Path(folder) / "image.tar"
        exported.save(archive)
        shown = last_instruction(str(archive))
        of_engine = partial(until_shown, [LAYERSCOPE, image, "--no-cache"], shown)
        of_archive = partial(until_shown, [LAYERSCOPE, str(archive), "--no-cache"], shown)
        print_pairs(in_pairs(of_engine, of_archive, options.pairs), "engine", "archive")


if __name__ == "__main__":
    main()
