from pathlib import Path
from typing import Any

import pytest

from layerscope.analysis.comparison.layer_alignment import Relation
from layerscope.comparison.compare import (
    Comparison,
    ImageComparison,
    compare_images,
    compare_layers,
    history_of,
)
from layerscope.errors import UsageError
from layerscope.model.image import Compression
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import known_node
from layerscope.session.open import open_image
from tests.builders import ImageRecipe, docker_archive, file, hardlink, image, layer, oci_archive, oci_layout, whiteout

BASE = layer(file("etc/os", b"debian"), file("usr/big", b"x" * 50_000), file("var/lib/dpkg/status", b""))
STATUS = b"Package: nginx\nStatus: install ok installed\nArchitecture: all\nVersion: %s\n\n"
STEPS = [{"created_by": text} for text in ("FROM debian", "RUN apt install nginx", "COPY . /app")]


def version(number: int, *, same_install: bool = False, **facts: Any) -> ImageRecipe:
    """Return an image of three layers; each version has its own app, and its own install unless told."""
    mtime = 1 if same_install else number
    install = layer(
        file("usr/sbin/nginx", b"program", mtime=mtime), file("var/lib/dpkg/status", STATUS % b"1.0", mtime=mtime)
    )
    app = layer(
        file("app/index.html", b"version %d" % number),
        file(f"app/moved-{number}", b"the same bytes"),
        hardlink("app/link", "app/index.html"),
    )
    config = {"Env": [f"VERSION={number}"], "Cmd": ["nginx"]}
    return image(BASE, install, app, history=STEPS, config=config, **facts)


FORMS = ["docker", "gzip", "zstd", "folder"]


def opened(tmp_path: Path, form: str, recipe: ImageRecipe, name: str) -> ImageSession:
    path = tmp_path / f"{name}-{form}"
    match form:
        case "docker":
            docker_archive(path, recipe)
        case "folder":
            path.mkdir()
            oci_layout(path, recipe)
        case _:
            oci_archive(path, recipe, compression=Compression(form))
    return open_image(str(path))


def changes_of(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    return {change.path.decode(): (change.change.mark, *change.what.words) for change in comparison.diff}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("other", FORMS)
def test_images_in_different_formats_differ_only_in_rebuilt_steps(tmp_path: Path, form: str, other: str) -> None:
    with (
        opened(tmp_path, form, version(1, same_install=True), "one") as old,
        opened(tmp_path, other, version(2, same_install=True), "two") as new,
    ):
        found = compare_images(old.load(), new.load())
        assert changes_of(found) == {
            "app/index.html": ("~", "content"),
            "app/link": ("~", "content"),
            "app/moved-1": ("-",),
            "app/moved-2": ("+",),
        }
        assert [(found.diff.change(move.removed).path, found.diff.change(move.added).path) for move in found.moves] == [
            (b"app/moved-1", b"app/moved-2")
        ]
        assert [step.relation for step in found.alignment.steps] == [Relation.SAME, Relation.SAME, Relation.CHANGED]
        assert found.alignment.first_change is not None
        assert found.alignment.first_change.title == "COPY . /app"
        assert list(found.rebuilt.values()) == [False]
        assert [(change.field, change.name, change.before, change.after) for change in found.config] == [
            ("env", "VERSION", "1", "2")
        ]
        assert found.packages == ()
        assert found.tree.totals[0] == (1, 2, 1, 0)


def test_a_rebuilt_layer_with_the_same_content_is_recognized(tmp_path: Path) -> None:
    with (
        opened(tmp_path, "gzip", version(1), "one") as old,
        opened(tmp_path, "docker", version(2), "two") as new,
    ):
        found = compare_images(old.load(), new.load())
        assert {step.title: same for step, same in found.rebuilt.items()} == {
            "RUN apt install nginx": True,
            "COPY . /app": False,
        }
        assert found.shared == {1: 1}
        assert "usr/sbin/nginx" not in changes_of(found)
        assert changes_of(compare_images(old.load(), new.load(), mtime=True))["usr/sbin/nginx"] == ("~", "mtime")


def test_packages_of_two_images_are_compared(tmp_path: Path) -> None:
    old = image(BASE, layer(file("var/lib/dpkg/status", STATUS % b"1.0")))
    new = image(BASE, layer(file("var/lib/dpkg/status", STATUS % b"1.1")))
    with opened(tmp_path, "docker", old, "one") as before, opened(tmp_path, "zstd", new, "two") as after:
        (found,) = compare_images(before.load(), after.load()).packages
        assert (found.manager, found.name, found.before, found.after) == ("dpkg", "nginx", ("1.0",), ("1.1",))


def test_layers_that_both_images_have_are_not_read_to_compare_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = layer(file("a", b"1" * 1000), file("b", b"2" * 1000))
    # In the other order, the files are still in layers that both images have.
    one, other = image(same, BASE, layer(file("c", b"c"))), image(BASE, same, layer(file("c", b"d")))
    with opened(tmp_path, "docker", one, "one") as old, opened(tmp_path, "docker", other, "two") as new:
        found = compare_images(old.load(), new.load())
        read: list[int] = []
        digests = type(old.load().contents).digests

        def noting(contents: object, occurrences: list[int], sparse_sizes: frozenset[int]) -> object:
            read.extend(occurrences)
            return digests(contents, occurrences, sparse_sizes)  # type: ignore[arg-type]  # what it is called with

        monkeypatch.setattr(type(old.load().contents), "digests", noting)
        assert changes_of(found).keys() == {"c"}
        assert len(read) == 2


def test_two_layers_of_one_image_may_be_compared_in_any_order(tmp_path: Path) -> None:
    recipe = image(
        layer(file("a", b"old"), file("b")), layer(file("a", b"new")), layer(whiteout("b"), file("a", b"old"))
    )
    with opened(tmp_path, "gzip", recipe, "one") as session:
        assert changes_of(compare_layers(session.load(), 1, 2)) == {"a": ("~", "content")}
        assert changes_of(compare_layers(session.load(), 1, 3)) == {"b": ("-",)}
        assert changes_of(compare_layers(session.load(), 3, 1)) == {"b": ("+",)}
        assert changes_of(compare_layers(session.load(), 0, 1)) == {"a": ("+",), "b": ("+",)}
        assert changes_of(compare_layers(session.load(), 1, 2, own=True)) == {"a": ("~", "content"), "b": ("-",)}
        for before, after, own in ((1, 4, False), (0, 1, True), (-1, 1, False)):
            with pytest.raises(UsageError, match="has no layer"):
                compare_layers(session.load(), before, after, own=own)


def test_unreadable_content_is_reported_and_never_equal(tmp_path: Path) -> None:
    broken = layer(file("a", b"x" * 100_000), file("b", b"y"))
    recipe = image(layer(file("a", b"x" * 100_000)), broken)
    path = oci_archive(tmp_path / "image.tar", recipe, compression=Compression.GZIP)
    with open_image(str(path)) as session:
        assert session.load().tree is not None
        blob = session.image.layers[1].blob
        assert blob is not None
        data = bytearray(path.read_bytes())
        data[blob.offset + 60 : blob.offset + blob.size] = b"\xff" * (blob.size - 60)
        path.write_bytes(data)
        found = compare_layers(session.load(), 1, 2)
        assert changes_of(found) == {"a": ("~", "content"), "b": ("+",)}
        assert [found.diff.change(row).path for row in found.diff.unread] == [b"a"]


def test_the_history_of_a_path_compares_content(tmp_path: Path) -> None:
    recipe = image(layer(file("a", b"old")), layer(file("a", b"new")), layer(file("a", b"new", mode=0o600)))
    with opened(tmp_path, "zstd", recipe, "one") as session:
        events = history_of(session.load(), known_node(session.load(), "/a", 1))
        assert [(event.layer, event.what.words) for event in events] == [(1, ()), (2, ("content",)), (3, ("mode",))]


def test_a_comparison_of_an_image_with_itself_finds_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, "folder", version(1), "one") as old, opened(tmp_path, "gzip", version(1), "two") as new:
        found = compare_images(old.load(), new.load())
        assert isinstance(found, ImageComparison)
        assert not found.diff
        assert (found.moves, found.config, found.packages, dict(found.rebuilt)) == ((), (), (), {})
        assert found.alignment.first_change is None
