"""Thirty made releases of an image: most only rebuild the application, a few do what people ask about."""

from collections.abc import Iterator
from dataclasses import replace

from tests.builders import ImageRecipe, file, image, layer

GREW, LOST, ONLY_TIMES, EDITED = 7, 12, 17, 22
"""The releases that gain a package, lose a file, differ in times only, and have another instruction for their layer."""

RELEASES = 30
PACKAGE_SIZE, FILE_SIZE, EDIT_SIZE = 40_000, 9_000, 700
FIRST_VERSION, NEXT_VERSION = "1.0", "1.1"


def _status(version: str) -> bytes:
    return f"Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n".encode()


def release(number: int, tag: str) -> ImageRecipe:
    """Return a release, from 1: its layers are a base, packages, assets and the application."""
    mtime = 100 if number < ONLY_TIMES else 200
    packages = [file("var/lib/dpkg/status", _status(FIRST_VERSION if number < GREW else NEXT_VERSION))]
    packages += [file("usr/lib/extra", b"x" * PACKAGE_SIZE)] if number >= GREW else []
    assets = [file("srv/logo", b"l" * 500, mtime=mtime)]
    assets += [file("srv/video", b"v" * FILE_SIZE)] if number < LOST else []
    flags = "--quiet" if number < EDITED else "--quiet --all"
    application = file("srv/app", b"a" * (3000 if number < EDITED else 3000 + EDIT_SIZE))
    layers = layer(file("a", b"b" * 5000)), layer(*packages), layer(*assets), layer(application)
    lines = ["ADD base /", "RUN apt-get install openssl", "COPY assets /srv", f"RUN make {flags}"]
    created = f"2026-{1 + (number - 1) // 28:02}-{1 + (number - 1) % 28:02}T12:00:00Z"
    history = [{"created": created, "created_by": line} for line in lines]
    recipe = image(*layers, history=history, created=created)
    return replace(recipe, tags=(tag,))


def releases(repository: str = "") -> Iterator[ImageRecipe]:
    """Yield the releases, the oldest first."""
    name = f"{repository}:" if repository else ""
    yield from (release(number, f"{name}1.{number}") for number in range(1, RELEASES + 1))


CAUSES = {
    GREW: (PACKAGE_SIZE, 2, "RUN apt-get install openssl"),
    LOST: (-FILE_SIZE, 3, "COPY assets /srv"),
    EDITED: (EDIT_SIZE, 4, "RUN make --quiet --all"),
}
"""The growth of content, the layer and the instruction of each jump."""
