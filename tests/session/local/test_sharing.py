"""Tests of what local images share, with layers written by hand."""

from collections.abc import Sequence

from layerscope.model.engine import Engine
from layerscope.model.local import LayeredImage, LocalImage, StoredLayer
from layerscope.session.local.sharing import Sharing, sharing

Layers = Sequence[tuple[str, int, str]]

JANUARY = [("sha256:january", 1_000, "ADD rootfs.tar /")]
FEBRUARY = [("sha256:february", 1_040, "ADD rootfs.tar /")]


def image(name: str, layers: Layers, created: int = 0, engine: Engine = Engine.DOCKER) -> LayeredImage:
    stored = tuple(
        StoredLayer(diff_id, "/".join(each[0] for each in layers[: number + 1]), size, instruction)
        for number, (diff_id, size, instruction) in enumerate(layers)
    )
    local = LocalImage(engine, (name,), f"id-{name}", None, created)
    return LayeredImage(local, stored, frozenset({name.partition(":")[0]}))


def outdated(found: Sharing) -> list[tuple[str, str, str]]:
    return [(each.image.tags[0], each.base.tags[0], each.newer.tags[0]) for each in found.outdated]


def similar(found: Sharing) -> list[list[list[str]]]:
    return [[[image.tags[0] for image in base.images] for base in pair] for pair in found.similar]


def test_layers_come_by_how_many_images_hold_them_and_an_engine_shares_nothing_with_another() -> None:
    own = ("sha256:own", 5, "COPY own /")
    images = [image("a:1", [*JANUARY, own]), image("b:1", JANUARY), image("c:1", [own])]
    found = sharing([*images, image("p:1", JANUARY, engine=Engine.PODMAN)])
    facts = [
        (each.engine, each.layer.diff_id, [image.tags[0] for image in each.images], each.copies)
        for each in found.layers
    ]
    assert facts == [
        ("docker", "sha256:january", ["a:1", "b:1"], 1),
        # on another pile of layers it is stored again
        ("docker", "sha256:own", ["a:1", "c:1"], 2),
        ("podman", "sha256:january", ["p:1"], 1),
    ]


def test_an_image_is_on_an_outdated_base_if_another_tag_of_its_repository_is_newer_here() -> None:
    old, new = image("debian:1", JANUARY, 1), image("debian:2", FEBRUARY, 2)
    app = image("app:1", [*JANUARY, ("sha256:app", 5, "COPY app /")], 3)
    assert outdated(sharing([app, old, new])) == [("app:1", "debian:1", "debian:2")]
    assert outdated(sharing([app, old])) == []
    assert outdated(sharing([app, image("debian:1", JANUARY, 2), image("debian:0", FEBRUARY, 1)])) == []
    fresh = image("app:2", [*FEBRUARY, ("sha256:app", 5, "COPY app /")], 3)
    assert outdated(sharing([fresh, old, new])) == []


def test_a_release_built_on_the_one_before_is_not_on_an_outdated_base() -> None:
    first = image("app:1", JANUARY, 1)
    second = image("app:2", [*JANUARY, ("sha256:second", 5, "COPY a /")], 2)
    third = image("app:3", [*JANUARY, ("sha256:third", 5, "COPY a /")], 3)
    assert outdated(sharing([third, second, first])) == []


def test_an_image_of_which_a_newer_tag_is_an_extension_is_up_to_date() -> None:
    slim, full = image("debian:slim", JANUARY, 1), image("debian:full", [*JANUARY, ("sha256:more", 5, "RUN more")], 2)
    app = image("app:1", [*full_layers(full), ("sha256:app", 5, "COPY app /")], 3)
    assert outdated(sharing([app, full, slim])) == []


def full_layers(of: LayeredImage) -> Layers:
    return [(layer.diff_id, layer.size, layer.instruction or "") for layer in of.layers]


def test_bases_are_nearly_the_same_if_their_instructions_are_and_sizes_differ_little() -> None:
    one, other = image("a:1", [*JANUARY, ("sha256:a", 5, "COPY a /")]), image("b:1", FEBRUARY)
    assert similar(sharing([one, other])) == [[["a:1"], ["b:1"]]]
    larger = image("c:1", [("sha256:larger", 1_060, "ADD rootfs.tar /")])
    assert similar(sharing([one, larger])) == []
    another = image("d:1", [("sha256:another", 1_000, "ADD other.tar /")])
    assert similar(sharing([one, another])) == []


def test_images_on_one_base_have_no_bases_that_are_nearly_the_same() -> None:
    base = image("debian:1", JANUARY)
    apps = [image(f"{name}:1", [*JANUARY, (f"sha256:{name}", 5, "COPY app /")]) for name in "ab"]
    assert similar(sharing([*apps, base])) == []


def test_what_concerns_an_image_is_left_of_all() -> None:
    old, new = image("debian:1", JANUARY, 1), image("debian:2", FEBRUARY, 2)
    app = image("app:1", [*JANUARY, ("sha256:app", 5, "COPY app /")], 3)
    found = sharing([app, old, new]).of([new.image])
    assert [each.layer.diff_id for each in found.layers] == ["sha256:february"]
    assert (found.outdated, len(found.similar)) == ([], 1)
