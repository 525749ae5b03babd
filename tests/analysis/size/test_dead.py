import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.analysis.size.dead import DeadReason, dead_bytes
from layerscope.analysis.size.hidden import dead_sizes, hidden_in_tree
from layerscope.model.entries import FileEntry, Kind, OpaqueWhiteout, Whiteout
from tests.analysis.entries import Item, directory, hardlink, opaque, symlink, whiteout
from tests.analysis.size.analyzed import Content, SizedImage, sized, written
from tests.analysis.tree.test_path_index import stacks
from tests.oracle import State, is_below, restacked

MEGABYTE = 1_000_000


def test_rm_rf_of_a_folder_of_20_megabytes_counts_20_megabytes_deleted() -> None:
    image = sized([written(f"data/{n}", size=MEGABYTE) for n in range(20)], [whiteout("data")])
    assert image.dead.total == 20 * MEGABYTE
    assert image.dead.by_reason == {DeadReason.DELETED: 20 * MEGABYTE}
    assert {(entry.writer, entry.hidden_by) for entry in image.dead.entries} == {(1, 2)}


def test_an_opaque_whiteout_over_50_megabytes_counts_50_megabytes_opaque() -> None:
    image = sized([written(f"data/deep/{n}", size=10 * MEGABYTE) for n in range(5)], [opaque("data")])
    assert image.dead.by_reason == {DeadReason.OPAQUE: 50 * MEGABYTE}


def test_one_chown_of_a_100_megabyte_file_counts_100_megabytes_and_not_200() -> None:
    image = sized([written("model", size=100 * MEGABYTE)], [written("model", size=100 * MEGABYTE, uid=33)])
    assert image.dead.total == 100 * MEGABYTE
    assert image.dead.by_reason == {DeadReason.METADATA_ONLY: 100 * MEGABYTE}
    assert list(image.live.sizes) == [100 * MEGABYTE]


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (written("f", "others"), DeadReason.OVERWRITTEN),
        (written("f", "longer bytes"), DeadReason.OVERWRITTEN),
        (written("f", "others", mode=0o755), DeadReason.OVERWRITTEN),
        (written("f", ""), DeadReason.OVERWRITTEN),
        (written("f", "before", mode=0o755), DeadReason.METADATA_ONLY),
        (written("f", "before", uid=7), DeadReason.METADATA_ONLY),
        (written("f", "before"), DeadReason.IDENTICAL),
        (written("f", "before", mtime=99), DeadReason.IDENTICAL),
        (whiteout("f"), DeadReason.DELETED),
        (symlink("f", "elsewhere"), DeadReason.REPLACED),
        (directory("f"), DeadReason.REPLACED),
        (written("f/below", "a folder that is only implied"), DeadReason.REPLACED),
        (hardlink("f", "elsewhere"), DeadReason.REPLACED),
    ],
)
def test_a_hidden_file_has_the_reason_that_the_layer_that_hid_it_shows(after: Item, reason: DeadReason) -> None:
    image = sized([written("f", "before")], [after])
    (entry,) = image.dead.entries
    assert (entry.path, entry.size, entry.writer, entry.hidden_by, entry.reason) == (b"f", 6, 1, 2, reason)


def test_a_file_written_again_beside_a_whiteout_of_it_is_overwritten() -> None:
    image = sized([written("d/f", "before")], [whiteout("d/f"), opaque("d"), whiteout("d"), written("d/f", "others")])
    assert image.dead_paths() == {"d/f": DeadReason.OVERWRITTEN}


def test_a_file_whose_folder_became_a_file_is_replaced_even_beside_a_whiteout() -> None:
    base = [written("d/e/f", "below")]
    assert sized(base, [written("d", "file")]).dead_paths() == {"d/e/f": DeadReason.REPLACED}
    assert sized(base, [whiteout("d"), symlink("d", "x")]).dead_paths() == {"d/e/f": DeadReason.REPLACED}
    assert sized(base, [opaque("d"), symlink("d/e", "x")]).dead_paths() == {"d/e/f": DeadReason.REPLACED}


def test_a_neighbour_that_became_a_file_replaces_nothing() -> None:
    image = sized([written("a/f", "1"), written("b/f", "2")], [symlink("a", "x"), whiteout("b/f")])
    assert image.dead_paths() == {"a/f": DeadReason.REPLACED, "b/f": DeadReason.DELETED}


def test_a_whiteout_counts_before_an_opaque_one() -> None:
    base = [written("d/e/f", "1"), written("d/g", "2")]
    image = sized(base, [opaque("d"), whiteout("d/e")])
    assert image.dead_paths() == {"d/e/f": DeadReason.DELETED, "d/g": DeadReason.OPAQUE}
    assert sized(base, [opaque("d"), whiteout("d")]).dead_paths() == dict.fromkeys(("d/e/f", "d/g"), "deleted")


def test_hidden_by_is_the_first_layer_that_hid_the_file_whatever_comes_later() -> None:
    first, second, third = (written("d/f", text) for text in "123")
    image = sized([first], [whiteout("d/f")], [second], [opaque("d")], [third])
    assert [(entry.writer, entry.hidden_by, entry.reason) for entry in image.dead.entries] == [
        (1, 2, DeadReason.DELETED),
        (3, 4, DeadReason.OPAQUE),
    ]


def test_every_copy_but_the_last_is_dead() -> None:
    image = sized(*([written("state", text)] for text in ("one", "two", "three")))
    assert [(entry.size, entry.writer, entry.hidden_by) for entry in image.dead.entries] == [(3, 1, 2), (3, 2, 3)]
    assert list(image.live.sizes) == [5]


def test_an_entry_that_its_own_layer_writes_again_counts_nowhere() -> None:
    image = sized([written("f", "first"), written("f", "last")])
    assert image.dead.entries == ()
    assert list(image.live.sizes) == [4]


def test_empty_files_and_other_kinds_are_never_dead() -> None:
    base: list[Content] = [written("e", ""), symlink("l", "e"), directory("d")]
    image = sized(base, [whiteout("e"), whiteout("l"), whiteout("d")])
    assert image.dead.entries == ()


def test_bytes_that_a_hard_link_still_shows_are_not_dead() -> None:
    image = sized([written("f", "bytes"), hardlink("g", "f")], [whiteout("f")])
    assert image.dead.entries == ()
    assert image.live_paths() == ["g"]


def test_a_file_is_dead_once_its_last_hard_link_is_hidden() -> None:
    base: list[Content] = [written("f", "bytes"), hardlink("d/g", "f")]
    image = sized(base, [hardlink("h", "f")], [whiteout("f")], [whiteout("h")], [opaque("d")])
    (entry,) = image.dead.entries
    assert (entry.path, entry.writer, entry.hidden_by, entry.reason) == (b"f", 1, 5, DeadReason.OPAQUE)


def test_a_file_is_listed_by_its_own_path_if_one_layer_hides_all_its_names() -> None:
    image = sized([written("f", "bytes"), hardlink("a", "f")], [whiteout("a"), written("f", "bytes", uid=1)])
    assert image.dead_paths() == {"f": DeadReason.METADATA_ONLY}


def test_the_reason_is_unknown_if_the_bytes_cannot_be_read() -> None:
    image = sized([written("f", "bytes")], [FileEntry(b"f", Kind.FILE, 5)])
    assert image.dead_paths() == {"f": None}
    assert image.dead.by_reason == {None: 5}


def test_dead_files_come_largest_first_and_can_be_selected_by_folder() -> None:
    image = sized([written("a/s", "1"), written("a/l", "333"), written("b", "22")], [whiteout("a"), whiteout("b")])
    assert [entry.path for entry in image.dead.entries] == [b"a/l", b"b", b"a/s"]
    folder = image.tree.index.find(b"a")
    assert folder is not None
    assert {entry.path for entry in image.dead.below(folder, image.tree.index.ends[folder])} == {b"a/l", b"a/s"}


def test_sums_are_by_reason_writer_and_hiding_layer() -> None:
    image = sized(
        [written("a", "1"), written("b", "22")],
        [written("b", "333"), written("c", "4444")],
        [whiteout("a"), whiteout("b"), whiteout("c")],
    )
    assert image.dead.by_reason == {DeadReason.DELETED: 8, DeadReason.OVERWRITTEN: 2}
    assert image.dead.by_writer == {1: 3, 2: 7}
    assert image.dead.by_hiding_layer == {2: 2, 3: 8}


def calls_for(folders: int) -> int:
    """Return how many functions are called to find what is dead where each layer deletes one folder of ten files."""
    base = [written(f"d{folder}/deep/f{n}") for folder in range(folders) for n in range(10)]
    image = sized(base, *([whiteout(f"d{folder}")] for folder in range(folders)))
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        dead = dead_bytes(image.tree, hidden_in_tree(image.tree), image.contents)
        assert dead.total == sum(dead.by_hiding_layer.values()) == folders * 10
    finally:
        sys.setprofile(None)
    return calls


def test_the_cost_grows_with_the_entries_and_not_with_layers_times_entries() -> None:
    assert calls_for(120) < 3.5 * calls_for(40)


files_with_bytes = st.dictionaries(st.tuples(st.integers(1, 5), st.integers(0, 8)), st.sampled_from([b"a", b"b"]))
"""Bytes of the files, by layer and row, where they are not the usual ones."""


def filled(stack: list[list[Item]], contents: dict[tuple[int, int], bytes]) -> SizedImage:
    """Stack layers whose files of one size hold one of two contents."""
    image = sized(*stack)
    index = image.tree.index
    occurrences = range(len(index.rows))
    image.contents = {one: contents.get((index.layers[one], index.rows[one]), b"a") for one in occurrences}
    return image


@given(stacks, files_with_bytes)
@settings(max_examples=160)
def test_dead_files_are_those_that_restacking_from_scratch_does_not_show(
    stack: list[list[Item]], contents: dict[tuple[int, int], bytes]
) -> None:
    image = filled(stack, contents)
    found = [(one.path, one.size, one.writer, one.hidden_by, one.reason) for one in image.dead.entries]
    assert sorted(found, key=repr) == sorted(slow_dead(stack, contents), key=repr)


@given(stacks)
@settings(max_examples=80)
def test_live_and_dead_bytes_add_up_to_all_content(stack: list[list[Item]]) -> None:
    image = filled(stack, {})
    dead = image.dead
    assert (
        sum(dead.by_reason.values()) == sum(dead.by_writer.values()) == sum(dead.by_hiding_layer.values()) == dead.total
    )
    assert dead.by_writer == dead_sizes(image.overlay)
    content = sum(tally.content_size or 0 for tally in image.tallies.values())
    assert dead.total + sum(image.live.sizes) == content


Dead = tuple[bytes, int, int, int, DeadReason]


def slow_dead(stack: list[list[Item]], contents: dict[tuple[int, int], bytes]) -> list[Dead]:
    """Find dead files by looking at every state of the merged tree for each of them."""
    states = restacked(stack)
    found = []
    for writer, state in enumerate(states):
        for path, entry in state.tree.items():
            if entry.layer != writer or entry.kind is not Kind.FILE or not entry.size:
                continue
            hidden_by = writer
            while hidden_by < len(states) and _shown_at(states[hidden_by], entry):
                hidden_by += 1
            if hidden_by < len(states):
                lost = min(_shown_at(states[hidden_by - 1], entry), key=lambda each: (each != path, each.split(b"/")))
                reason = _reason(stack[hidden_by - 1], states[hidden_by], entry, lost, contents)
                found.append((path, entry.size, writer, hidden_by, reason))
    return found


def _shown_at(state: State, file: FileEntry) -> list[bytes]:
    """Return the paths that show the bytes of a file."""
    return [
        path for path, entry in state.tree.items() if _is_same(file, entry) or _is_same(file, state.files.get(path))
    ]


def _is_same(file: FileEntry, other: FileEntry | None) -> bool:
    return other is not None and (file.path, file.layer, file.row) == (other.path, other.layer, other.row)


def _reason(
    items: list[Item], state: State, file: FileEntry, lost: bytes, contents: dict[tuple[int, int], bytes]
) -> DeadReason:
    again = state.tree.get(lost)
    if again is not None and again.kind is Kind.FILE:
        if again.size != file.size or _bytes(contents, again) != _bytes(contents, file):
            return DeadReason.OVERWRITTEN
        same = (again.mode, again.uid, again.gid, again.xattrs) == (file.mode, file.uid, file.gid, file.xattrs)
        return DeadReason.IDENTICAL if same else DeadReason.METADATA_ONLY
    folders = [entry for path, entry in state.tree.items() if is_below(lost, path)]
    if again is not None or any(entry.kind is not Kind.DIR for entry in folders):
        return DeadReason.REPLACED
    return _hiding(items, lost)


def _bytes(contents: dict[tuple[int, int], bytes], file: FileEntry) -> bytes:
    return contents.get((file.layer, -1 if file.row is None else file.row), b"a")


def _hiding(items: list[Item], lost: bytes) -> DeadReason:
    whiteouts = [item.path for item in items if isinstance(item, Whiteout)]
    opaques = [item.directory for item in items if isinstance(item, OpaqueWhiteout)]
    if any(path == lost or is_below(lost, path) for path in whiteouts):
        return DeadReason.DELETED
    return DeadReason.OPAQUE if any(is_below(lost, path) for path in opaques) else DeadReason.DELETED
