import pytest

from layerscope.analysis.comparison.rebuilt import LayerContents, holds_the_same, same_tables
from layerscope.analysis.tree.image_links import followed
from layerscope.analysis.tree.path_history import holding_layers, path_history
from layerscope.model.entries import FileEntry, Kind
from tests.analysis.comparison.compared import FakeBytes, Image, image_of
from tests.analysis.counting import counted_calls
from tests.analysis.entries import directory, file, hardlink, opaque, symlink, whiteout


def events(image: Image, path: str) -> list[tuple[int, str, tuple[str, ...], int, int]]:
    node = image.tree.index.find(path.encode())
    assert node is not None
    found = path_history(image.tree, node, FakeBytes(image.tree, image.tree))
    return [(each.layer, each.change.word, each.what.words, each.entry.size, each.entry.mode) for each in found]


def test_the_history_of_a_path_has_the_change_of_each_layer() -> None:
    image = image_of(
        [file("a", 3)],
        [file("other")],
        [file("a", 3, 0o600)],
        [FileEntry(b"a", Kind.FILE, 3, 0o600, mtime=9)],
        [FileEntry(b"a", Kind.FILE, 3, 0o600, mtime=9)],
        [whiteout("a")],
        [whiteout("a")],
        [symlink("a", "b")],
        [file("a", 4)],
    )
    assert events(image, "a") == [
        (1, "added", (), 3, 0o644),
        (3, "modified", ("mode",), 3, 0o600),
        (4, "modified", ("content",), 3, 0o600),
        (5, "modified", (), 3, 0o600),
        (6, "removed", (), 3, 0o600),
        (8, "added", (), 0, 0o777),
        (9, "modified", ("kind",), 4, 0o644),
    ]
    node = image.tree.index.find(b"a")
    assert node is not None
    assert holding_layers(image.tree, node) == (1, 3, 4, 5, 8, 9)


def test_the_history_of_a_folder_has_repeats_and_removals() -> None:
    image = image_of([file("d/x", 1)], [directory("d")], [directory("d", 0o700)], [opaque("")])
    assert [event[:3] for event in events(image, "d")] == [
        (1, "added", ()),
        (2, "unchanged", ()),
        (3, "modified", ("mode",)),
        (4, "removed", ()),
    ]
    assert [event[:2] for event in events(image, "d/x")] == [(1, "added"), (4, "removed")]


TREE = [
    directory("usr/bin"),
    file("usr/bin/sh", 1),
    symlink("bin", "usr/bin"),
    symlink("abs", "/usr/../usr/bin/sh"),
    symlink("up", "../../../../usr"),
    symlink("one", "two"),
    symlink("two", "one"),
    symlink("nowhere", "no/such"),
    symlink("through", "usr/bin/sh/x"),
]


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("bin/sh", "usr/bin/sh"),
        ("/bin/../bin/sh", "usr/bin/sh"),
        ("abs", "usr/bin/sh"),
        ("up/bin", "usr/bin"),
        ("", ""),
        ("one", None),
        ("nowhere", None),
        ("through", None),
        ("usr/none", None),
    ],
)
def test_links_are_followed_inside_the_image_only(path: str, leads_to: str | None) -> None:
    tree = image_of(TREE).tree
    node = followed(tree, 1, path.encode())
    assert (None if node is None else tree.index.path(node).decode()) == leads_to


def test_a_removed_path_leads_nowhere() -> None:
    tree = image_of(TREE, [whiteout("usr/bin/sh")]).tree
    assert followed(tree, 2, b"bin/sh") is None
    assert followed(tree, 1, b"bin/sh") is not None


def same_layers(old: Image, old_layer: int, new: Image, new_layer: int, contents: FakeBytes) -> bool | None:
    old_contents, new_contents = LayerContents(old.tree, [old_layer]), LayerContents(new.tree, [new_layer])
    return holds_the_same(old_contents, old_layer, new_contents, new_layer, contents)


def test_a_layer_that_was_built_again_holds_the_same_but_for_times() -> None:
    old = image_of(
        [file("a", 3)], [directory("d", mtime=1), file("d/e"), file("d/x", 5), whiteout("a"), hardlink("l", "d/x")]
    )
    for changed, same in [
        (file("d/x", 5), True),
        (file("d/x", 6), False),
        (FileEntry(b"d/x", Kind.FILE, 5, 0o644, mtime=8), False),
        (file("d/x", 5, 0o600), False),
    ]:
        new = image_of(
            [file("z")],
            [file("a", 3)],
            [directory("d", mtime=2), file("d/e"), changed, whiteout("a"), hardlink("l", "d/x")],
        )
        assert same_layers(old, 2, new, 3, FakeBytes(old.tree, new.tree)) is same
    less = image_of([file("a", 3)], [directory("d"), file("d/e"), file("d/x", 5), file("a", 3), hardlink("l", "d/x")])
    assert same_layers(old, 2, less, 2, FakeBytes(old.tree, less.tree)) is False


def test_a_layer_that_cannot_be_read_may_be_the_same() -> None:
    old, new = image_of([file("a", 3)]), image_of([file("a", 3)])
    broken = FakeBytes(old.tree, new.tree, frozenset({old.tree.index.occurrence(1, 1)}))
    assert same_layers(old, 1, new, 1, broken) is None


def test_layers_that_were_not_read_alike_are_not_the_same() -> None:
    one, other = image_of([file("a", 3)]), image_of([file("a", 4)])
    assert same_tables(one.tree, 1, image_of([file("a", 3)]).tree, 1)
    assert not same_tables(one.tree, 1, other.tree, 1)
    assert not same_tables(one.tree, 2, other.tree, 1)


def test_the_cost_of_comparing_layers_grows_with_their_entries_and_not_with_the_number_of_layers() -> None:
    assert _calls(600) < 4 * _calls(200)


def _calls(count: int) -> int:
    """Return the number of calls to compare that many layers with a file each."""
    old, new = (image_of(*([file(f"f{number}")] for number in range(count))) for _ in range(2))
    with counted_calls() as calls:
        sides = LayerContents(old.tree, range(1, count + 1)), LayerContents(new.tree, range(1, count + 1))
        for number in range(1, count + 1):
            holds_the_same(sides[0], number, sides[1], number, FakeBytes(old.tree, new.tree))
    return calls[0]
