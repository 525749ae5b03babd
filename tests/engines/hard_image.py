"""The build context of an image with everything that builders and archives treat differently; any builder can build it.

The image starts from scratch and no step needs a network: the steps run Debian's static busybox.
"""

import shutil
from pathlib import Path

from tests.builders import device, directory, fifo, file, hardlink, layer, symlink
from tests.tars import TarEntry

BUSYBOX = Path("/bin/busybox")
"""From the Debian package busybox-static."""

_DOCKERFILE = """\
FROM scratch
ADD base.tar /
COPY busybox first second /bin/
COPY app /srv/app
LABEL kind=hard
RUN ["/bin/busybox", "sh", "/bin/first"]
RUN ["/bin/busybox", "sh", "/bin/second"]
COPY --chown=33:44 late /srv/app/
WORKDIR /srv/made/by/workdir
ENV SHOWN=yes
USER 33:44
CMD ["/bin/busybox", "true"]
"""

_FIRST = r"""
set -e
for tool in chmod chown cp ln mkdir mkfifo mv rm touch; do alias $tool="/bin/busybox $tool"; done
cd /srv
rm -rf cache
rm app/gone
chmod 0600 app/mode
chmod 2775 folder-mode
chown 1234:4321 app/owner
chown -h 5:6 link-owner
touch app/same
printf BBBB >app/same-size
printf longer >app/longer
rm app/to-folder && mkdir app/to-folder && printf in >app/to-folder/in
rm -rf app/to-link && ln -s /etc/motd app/to-link
rm -rf fresh && mkdir fresh && printf new >fresh/new
ln /etc/motd motd-below
printf one >first-name && ln first-name second-name
ln -sf other retargeted
mkfifo pipe
printf x >"odd/$(printf 'new\nline')"
"""

_SECOND = r"""
set -e
for tool in chmod ln mkdir mv rm; do alias $tool="/bin/busybox $tool"; done
cd /srv
rm first-name
printf more >>motd-below
mv moved moved-away
mkdir cache && printf again >cache/again
rm -rf odd/deep
rm app/to-link && mkdir app/to-link
chmod 0700 app
rm device
"""

CHANGES = {
    "/srv/cache": "removed",
    "/srv/cache/deep/er": "removed",
    "/srv/app/gone": "removed",
    "/srv/app/mode": "modified",
    "/srv/folder-mode": "modified",
    "/srv/folder-mode/inside": "unchanged",
    "/srv/app/owner": "modified",
    "/srv/link-owner": "modified",
    "/srv/app/same": "modified",
    "/srv/app/same-size": "modified",
    "/srv/app/longer": "modified",
    "/srv/app/to-folder": "modified",
    "/srv/app/to-folder/in": "added",
    "/srv/app/to-link": "modified",
    "/srv/app/to-link/inside": "removed",
    "/srv/fresh": "unchanged",
    "/srv/fresh/old": "removed",
    "/srv/fresh/new": "added",
    "/srv/first-name": "added",
    "/srv/second-name": "added",
    "/srv/retargeted": "modified",
    "/srv/pipe": "added",
    "/srv/odd/new\nline": "added",
    "/srv": "unchanged",
    "/srv/app/kept": "unchanged",
}
"""The changes that the first RUN makes, with every builder."""

DIFFERENT_LINKS = (b"etc/motd", b"srv/motd-below")
"""Two names of one file, created in two steps and written to in a third; not all stores keep the link."""

_DEEP = "odd/deep" + "/level" * 40


def write_context(folder: Path) -> Path:
    """Write the Dockerfile and the files that it copies, and return the folder."""
    for part in ("app/to-link", "late"):
        (folder / part).mkdir(parents=True)
    (folder / "Dockerfile").write_text(_DOCKERFILE)
    (folder / "first").write_text(_FIRST)
    (folder / "second").write_text(_SECOND)
    (folder / "base.tar").write_bytes(layer(*_base()))
    shutil.copy(BUSYBOX, folder / "busybox")
    for name in ("gone", "mode", "owner", "same", "longer", "to-folder", "to-link/inside", "kept", "overwritten"):
        (folder / "app" / name).write_text(name)
    (folder / "app/same-size").write_text("AAAA")
    (folder / "late/overwritten").write_text("by a later COPY")
    (folder / "late/\u957f").write_text("wide")
    return folder


def _base() -> list[TarEntry]:
    return [
        directory("etc"),
        file("etc/motd", b"welcome\n"),
        file("etc/shadow", b"secret\n", mode=0o640, gid=42),
        directory("tmp", mode=0o1777),
        directory("srv"),
        file("srv/setuid", b"s", mode=0o6755),
        file("srv/large-owner", b"o", uid=4_000_000, gid=3_000_000),
        file("srv/capable", b"c", records={"SCHILY.xattr.security.capability": "\x01\0\0\x02\0\x04" + "\0" * 14}),
        file("srv/original", b"one file, two names"),
        hardlink("srv/hard-link", "srv/original"),
        symlink("srv/dangling", "../../nowhere"),
        symlink("srv/link-owner", "original"),
        symlink("srv/retargeted", "original"),
        fifo("srv/fifo", mode=0o620),
        device("srv/device", 1, 3, mode=0o666),
        device("srv/block", 7, 200, block=True, mode=0o660),
        directory("srv/folder-mode"),
        file("srv/folder-mode/inside"),
        directory("srv/cache"),
        file("srv/cache/one", b"1" * 3000),
        directory("srv/cache/deep"),
        file("srv/cache/deep/er", b"2" * 500),
        directory("srv/fresh"),
        file("srv/fresh/old", b"old"),
        directory("srv/moved", mode=0o750, uid=7),
        file("srv/moved/inside", b"in"),
        directory("srv/odd"),
        file("srv/odd/\udcff\udcfe no UTF-8", b"n"),
        file("srv/odd/\x1b[31mred", b"e"),
        file("srv/odd/[markup]", b"m"),
        file("srv/odd/" + "x" * 240, b"x"),
        file(f"srv/{_DEEP}", b"deep"),
    ]
