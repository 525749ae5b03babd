from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("pyarrow", reason="the extra survey is not installed")

from layerscope.session.open import open_image
from layerscope.session.reading.layer_reading import needs_of, read_whole
from layerscope.survey.content import NEEDS, Rows, SharedBase, read_content
from tests.builders import directory, docker_archive, file, hardlink, image, layer, opaque, symlink, whiteout
from tests.survey.data_set import everything, run
from tests.tars import TarEntry

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA"
NUMBERS = count()


def status(*names: str) -> bytes:
    return "\n".join(f"Package: {name}\nStatus: install ok installed\nVersion: 1\n" for name in names).encode()


BASE = layer(
    directory("usr/bin"),
    file("usr/bin/tool", b"t" * 50),
    symlink("bin", "usr/bin"),
    symlink("opt", "/data"),
    file("etc/base", b"b" * 30),
    file("etc/key/id_rsa", KEY),
    file("var/lib/dpkg/status", status("tool")),
    file("var/lib/dpkg/info/tool.list", b"/bin/tool\n/usr/doc/tool/copyright\n/opt/tool/x\n/etc/tool.conf\n"),
    file("lib/py.dist-info/METADATA", b"Name: py\nVersion: 2\n"),
    file("node_modules/left/package.json", b'{"name": "left", "version": "3"}'),
)
SECOND = layer(whiteout("etc/base"), file("usr/bin/tool", b"u" * 50), file("etc/new", b"n"))

APART: Mapping[str, Sequence[bytes]] = {
    "files beside those of the base": [layer(file("app/a", b"a" * 9), file("etc/app", b"a"))],
    "no layers": [],
    "a layer without files": [layer()],
    "folders of the base again": [layer(directory("usr/bin"), file("usr/bin/app", b"a"))],
    "a file that a later layer removes": [layer(file("app/.ssh/id_rsa", KEY)), layer(whiteout("app/.ssh/id_rsa"))],
    "hard links among its own files": [layer(file("app/a", b"a" * 9), hardlink("app/b", "app/a"))],
    "a whiteout of nothing": [layer(whiteout("nothing"), opaque("none"), file("app/a", b"a"))],
}
TOGETHER: Mapping[str, Sequence[bytes]] = {
    "a file of the base again": [layer(file("usr/bin/tool", b"x" * 50))],
    "a whiteout": [layer(whiteout("usr/bin/tool"))],
    "an opaque whiteout": [layer(opaque("usr"))],
    "an opaque root": [layer(opaque(""))],
    "a removed file that comes back": [layer(file("etc/base", b"b"))],
    "a listed file that was missing": [layer(file("etc/tool.conf", b"c" * 7))],
    "a listed file in a new folder": [layer(file("usr/doc/tool/copyright", b"c" * 7))],
    "a listed file behind a symlink that led nowhere": [layer(file("data/tool/x", b"c" * 7))],
    "a symlink to a folder with a listed file": [layer(symlink("usr/doc", "/elsewhere"))],
    "a file in the folder of a package": [layer(file("node_modules/left/new/index.js", b"i" * 8))],
    "a database": [layer(file("var/lib/dpkg/status.d/other", status("other")))],
    "a hard link to a file of the base": [layer(hardlink("app/tool", "usr/bin/tool"))],
    "a file in place of a folder": [layer(file("usr", b"u"))],
    "a folder in place of a symlink": [layer(directory("bin"), file("bin/x", b"x"))],
    "a file below a file": [layer(file("etc/new/below", b"b"))],
}


def rows_of(rows: Rows) -> list[list[str]]:
    return [sorted(map(repr, rows[table])) for table in sorted(rows)]


def both_ways(folder: Path, base: Sequence[bytes], own: Sequence[bytes]) -> tuple[Rows | None, Rows]:
    """Return the rows of an image on a shared base, and those of all its layers put together."""
    archive, shared = docker_archive(folder / f"{next(NUMBERS)}.tar", image(*base, *own)), len(base)
    with open_image(str(archive)) as session:
        for each in session.image.layers:
            session.layers.known.take_entries(each, read_whole(each, needs=needs_of(NEEDS)))
        whole = read_content(session.layers, range(1, shared + len(own) + 1)).rows
        kept = SharedBase(read_content(session.layers, range(1, shared + 1)), shared).rows_with(session.layers)
    archive.unlink()
    return kept, whole


@pytest.mark.parametrize("name", APART)
def test_layers_beside_a_shared_base_have_the_rows_of_the_whole_image_without_putting_it_together(
    name: str, tmp_path: Path
) -> None:
    rows, whole = both_ways(tmp_path, [BASE, SECOND], APART[name])
    assert rows is not None
    assert rows_of(rows) == rows_of(whole)


@pytest.mark.parametrize("name", TOGETHER)
def test_an_image_is_put_together_whose_layers_may_change_rows_of_its_base(name: str, tmp_path: Path) -> None:
    rows, _ = both_ways(tmp_path, [BASE, SECOND], TOGETHER[name])
    assert rows is None


NAMES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map("/".join)


def entries(*, hides: bool) -> st.SearchStrategy[list[TarEntry]]:
    kinds = [
        st.builds(lambda name, size: file(name, b"x" * size), NAMES, st.integers(0, 3)),
        st.builds(directory, NAMES),
        st.builds(symlink, NAMES, NAMES.map("/".__add__) | NAMES),
        st.builds(hardlink, NAMES, NAMES),
        st.builds(lambda name: file(f"{name}/.ssh/id_rsa", KEY), NAMES),
        st.builds(lambda name: file(f"{name}/node_modules/a/package.json", b'{"name": "n", "version": "1"}'), NAMES),
        *([st.builds(whiteout, NAMES), st.builds(opaque, NAMES)] if hides else []),
    ]
    return st.lists(st.one_of(kinds), max_size=6)


def database(paths: Sequence[str]) -> bytes:
    listed = "".join(f"/{path}\n" for path in paths).encode()
    return layer(file("var/lib/dpkg/status", status("p")), file("var/lib/dpkg/info/p.list", listed))


@given(entries(hides=True), entries(hides=True), entries(hides=True), st.lists(NAMES, max_size=5))
@example([symlink("a", "/b")], [], [file("b/c", b"x")], ["a/c"])
def test_any_layers_on_a_shared_base_have_the_rows_of_the_whole_image(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[TarEntry],
    second: list[TarEntry],
    own: list[TarEntry],
    listed: list[str],
) -> None:
    base = [database(listed), layer(*first), layer(*second)]
    rows, whole = both_ways(tmp_path_factory.getbasetemp(), base, [layer(*own)])
    assert rows is None or rows_of(rows) == rows_of(whole)


def test_images_that_are_surveyed_together_have_the_rows_that_each_has_alone(tmp_path: Path) -> None:
    archives = tmp_path / "archives"
    archives.mkdir()
    for number, own in enumerate([*APART.values(), *TOGETHER.values()]):
        docker_archive(archives / f"{number}.tar", image(BASE, SECOND, *own))
    assert run(archives, "-o", tmp_path / "together").returncode == 0
    # one at a time, none has another beside it
    for archive in sorted(archives.iterdir())[::7]:
        assert run(archive, "-o", tmp_path / "alone").returncode == 0
    together, alone = everything(tmp_path / "together"), everything(tmp_path / "alone")
    assert all(set(alone[table]) <= set(together[table]) for table in alone)
