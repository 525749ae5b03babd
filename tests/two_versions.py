"""Two versions of an image with four steps: the first two are shared, the third has equal results, the last differs.

Paths differ in every way that a diff reports.
"""

from tests.builders import ImageRecipe, directory, file, hardlink, image, layer, symlink
from tests.tars import TarEntry

STEPS = ["FROM debian", "RUN apt-get update", "RUN apt-get install nginx", "COPY . /srv/"]

_BASE = layer(directory("etc"), file("etc/os", b"debian"), file("usr/big", b"x" * 50_000))
_LISTS = layer(file("var/lib/lists", b"packages"))
_STATUS = b"Package: app\nStatus: install ok installed\nArchitecture: all\nVersion: %d\n\n"


def _install(number: int) -> bytes:
    return layer(file("usr/sbin/nginx", b"program", mtime=number))


def _page(number: int) -> TarEntry:
    return file("srv/index.html", b"<h1>%d</h1>\n<p>The same line in both.</p>\n" % number)


_OLD = layer(
    _page(1),
    file("srv/binary", b"\0\1"),
    file("srv/gone", b"gone"),
    file("srv/here", b"a file that moves"),
    file("srv/kind", b"k"),
    file("srv/mode", b"m", mode=0o644),
    file("srv/owner", b"o"),
    hardlink("srv/twin", "srv/index.html"),
    symlink("srv/way", "here"),
    file("var/lib/dpkg/status", _STATUS % 1),
)
_NEW = layer(
    _page(2),
    file("srv/binary", b"\0\2\0"),
    file("srv/deep/there", b"a file that moves"),
    directory("srv/kind", mode=0o644),
    file("srv/mode", b"m", mode=0o600),
    file("srv/new", b"new!!"),
    file("srv/owner", b"o", uid=33, gid=44),
    hardlink("srv/twin", "srv/index.html"),
    symlink("srv/way", "there"),
    file("var/lib/dpkg/status", _STATUS % 2),
)


def _version(number: int, last: bytes) -> ImageRecipe:
    history = [{"created_by": step} for step in [*STEPS, f'CMD ["run", "{number}"]']]
    lines = [line | ({"empty_layer": True} if line["created_by"].startswith("CMD") else {}) for line in history]
    config = {"Env": ["PATH=/bin", f"VERSION={number}"], "Cmd": ["run", str(number)]}
    tags = [f"app:v{number}"]
    return image(_BASE, _LISTS, _install(number), last, tags=tags, history=lines, config=config)


V1 = _version(1, _OLD)
V2 = _version(2, _NEW)

CHANGES = {
    "/srv/binary": ("modified", ["content"], 1),
    "/srv/deep": ("added", [], 0),
    "/srv/deep/there": ("added", [], 17),
    "/srv/gone": ("removed", [], -4),
    "/srv/here": ("removed", [], -17),
    "/srv/index.html": ("modified", ["content"], 0),
    "/srv/kind": ("modified", ["kind"], -1),
    "/srv/mode": ("modified", ["mode"], 0),
    "/srv/new": ("added", [], 5),
    "/srv/owner": ("modified", ["owner"], 0),
    "/srv/twin": ("modified", ["content"], 0),
    "/srv/way": ("modified", ["link"], 0),
    "/var/lib/dpkg/status": ("modified", ["content"], 0),
}
"""The differences between the versions, by path: change, what, size delta."""
