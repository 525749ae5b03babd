import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.tree.overlay import Overlay
from layerscope.model.entries import FileEntry, Kind, LayerEntries
from tests.analysis.entries import Item, directory, file, hardlink, layer, opaque, stacked, symlink, whiteout

XATTRS = ((b"user.a", b"1"),)


def test_a_path_that_was_not_below_is_added() -> None:
    stack = stacked(layer(file("a")), layer(file("b", size=3), symlink("l", "b")))
    assert stack.marks(2) == {"b": "+", "l": "+"}
    assert stack.counts(2) == (2, 0, 0)


def test_a_file_that_is_written_again_is_modified_even_as_an_identical_copy() -> None:
    stack = stacked(layer(file("a", size=3)), layer(file("a", size=3)))
    assert stack.marks(2) == {"a": "~"}
    assert stack.counts(2) == (0, 1, 0)
    assert stack.tallies[1].content_size == 3


def test_a_path_that_a_layer_does_not_speak_of_is_unchanged() -> None:
    stack = stacked(layer(file("a"), file("b")), layer(file("b")))
    assert "a" not in stack.marks(2)
    assert stack.paths() == ["a", "b"]


def test_a_repeated_directory_is_unchanged_whatever_its_mtime() -> None:
    stack = stacked(layer(directory("d", mtime=1)), layer(directory("d", mtime=2)))
    assert stack.marks(2) == {}
    assert stack.counts(2) == (0, 0, 0)
    assert stack.tallies[1].entries == 1


@pytest.mark.parametrize("other", [directory("d", 0o700), directory("d", uid=7), directory("d", xattrs=XATTRS)])
def test_a_directory_over_a_directory_is_modified_by_mode_owner_or_xattrs_and_keeps_its_children(
    other: FileEntry,
) -> None:
    stack = stacked(layer(directory("d"), file("d/x")), layer(other))
    assert stack.marks(2) == {"d": "~"}
    assert stack.paths() == ["d", "d/x"]
    shown = stack.entry("d")
    assert shown is not None
    assert (shown.mode, shown.uid, shown.xattrs) == (other.mode, other.uid, other.xattrs)


def test_an_identical_directory_over_an_implied_one_is_unchanged_and_another_is_modified() -> None:
    base = layer(file("d/x"))
    assert stacked(base, layer(directory("d"))).marks(2) == {}
    assert stacked(base, layer(directory("d", 0o700))).marks(2) == {"d": "~"}


def test_a_non_directory_over_a_directory_removes_what_was_below_it() -> None:
    stack = stacked(layer(directory("d"), file("d/x"), file("d/e/y")), layer(symlink("d", "elsewhere")))
    assert stack.marks(2) == {"d": "~", "d/x": "-", "d/e": "-", "d/e/y": "-"}
    assert stack.paths() == ["d"]
    assert stack.counts(2) == (0, 1, 3)


def test_a_directory_over_a_non_directory_is_modified() -> None:
    stack = stacked(layer(file("d", size=5)), layer(directory("d"), file("d/x")))
    assert stack.marks(2) == {"d": "~", "d/x": "+"}


def test_a_whiteout_removes_a_file() -> None:
    stack = stacked(layer(file("a"), file("ab")), layer(whiteout("a")))
    assert stack.marks(2) == {"a": "-"}
    assert stack.paths() == ["ab"]


def test_a_whiteout_removes_a_folder_with_all_below_and_counts_each_path_once() -> None:
    stack = stacked(layer(file("d/x"), file("d/e/y")), layer(whiteout("d"), whiteout("d/x"), whiteout("d")))
    assert stack.marks(2) == {"d": "-", "d/x": "-", "d/e": "-", "d/e/y": "-"}
    assert stack.counts(2) == (0, 0, 4)


def test_a_whiteout_of_nothing_is_harmless() -> None:
    stack = stacked(layer(file("a"), whiteout("b")), layer(whiteout("c/d"), opaque("e"), whiteout("a/b")))
    assert stack.marks(1) == {"a": "+"}
    assert stack.marks(2) == {}
    assert stack.paths() == ["a"]


def test_a_second_whiteout_in_a_later_layer_removes_nothing_more() -> None:
    stack = stacked(layer(file("a")), layer(whiteout("a")), layer(whiteout("a")))
    assert stack.marks(3) == {}


def test_a_path_whited_out_and_written_in_one_layer_is_present_and_modified() -> None:
    stack = stacked(layer(file("a", size=1)), layer(whiteout("a"), file("a", size=2)))
    assert stack.marks(2) == {"a": "~"}
    shown = stack.entry("a")
    assert shown is not None
    assert shown.size == 2


def test_whiteouts_hide_lower_layers_only_and_nothing_of_their_own() -> None:
    base = layer(file("d/x"), file("d/y"), file("z"))
    stack = stacked(base, layer(whiteout("d"), opaque("d"), whiteout("d/new"), file("d/x"), file("d/new")))
    assert stack.marks(2) == {"d/x": "~", "d/y": "-", "d/new": "+"}


def test_an_opaque_whiteout_hides_what_the_lower_layers_have_below_and_keeps_the_folder() -> None:
    stack = stacked(
        layer(directory("d", 0o700), file("d/x"), file("d/e/y")), layer(file("d/new"), opaque("d")), layer(file("d/x"))
    )
    assert stack.marks(2) == {"d/x": "-", "d/e": "-", "d/e/y": "-", "d/new": "+"}
    assert stack.marks(3) == {"d/x": "+"}
    assert stack.paths() == ["d", "d/new", "d/x"]
    shown = stack.entry("d")
    assert shown is not None
    assert (shown.mode, shown.layer) == (0o700, 1)


def test_an_opaque_root_hides_all_lower_layers() -> None:
    stack = stacked(layer(file("a"), file("d/x")), layer(opaque(""), file("b")))
    assert stack.marks(2) == {"a": "-", "d": "-", "d/x": "-", "b": "+"}
    assert stack.paths() == ["b"]


def test_a_deleted_folder_comes_back_empty() -> None:
    stack = stacked(layer(directory("d"), file("d/x")), layer(whiteout("d")), layer(directory("d"), file("d/y")))
    assert stack.marks(3) == {"d": "+", "d/y": "+"}
    assert stack.paths() == ["d", "d/y"]


def test_a_folder_deleted_and_remade_in_one_layer_loses_its_children() -> None:
    stack = stacked(layer(directory("d"), file("d/x")), layer(directory("d"), whiteout("d")))
    assert stack.marks(2) == {"d/x": "-"}
    assert stack.paths() == ["d"]


def test_a_folder_deleted_and_remade_without_an_entry_takes_the_default_metadata() -> None:
    stack = stacked(layer(directory("d", 0o700), file("d/x")), layer(whiteout("d"), file("d/y")))
    assert stack.marks(2) == {"d": "~", "d/x": "-", "d/y": "+"}
    shown = stack.entry("d")
    assert shown is not None
    assert (shown.mode, shown.uid, shown.gid) == (0o755, 0, 0)


def test_a_new_parent_without_an_entry_is_added_as_0755_of_root() -> None:
    stack = stacked(layer(file("a/b/c")))
    assert stack.marks(1) == {"a": "+", "a/b": "+", "a/b/c": "+"}
    assert stack.counts(1) == (3, 0, 0)
    assert stack.tallies[0].entries == 1
    shown = stack.entry("a/b")
    assert shown is not None
    assert (shown.kind, shown.mode, shown.uid, shown.gid) == (Kind.DIR, 0o755, 0, 0)


def test_a_parent_takes_its_metadata_from_an_entry_after_its_children() -> None:
    stack = stacked(layer(file("d/x"), directory("d", 0o700)))
    assert stack.marks(1) == {"d": "+", "d/x": "+"}
    shown = stack.entry("d")
    assert shown is not None
    assert shown.mode == 0o700


def test_an_existing_parent_without_an_entry_keeps_its_metadata_and_has_no_mark() -> None:
    stack = stacked(layer(directory("d", 0o700, uid=7)), layer(file("d/x")))
    assert stack.marks(2) == {"d/x": "+"}
    shown = stack.entry("d")
    assert shown is not None
    assert (shown.mode, shown.uid, shown.layer) == (0o700, 7, 1)


def test_an_entry_under_a_lower_symlink_makes_a_directory_of_it() -> None:
    stack = stacked(layer(symlink("lib", "usr/lib"), file("usr/lib/a")), layer(file("lib/b")))
    assert stack.marks(2) == {"lib": "~", "lib/b": "+"}
    shown = stack.entry("lib")
    assert shown is not None
    assert shown.kind is Kind.DIR
    assert stack.paths() == ["lib", "lib/b", "usr", "usr/lib", "usr/lib/a"]


def test_an_entry_under_a_file_of_the_same_layer_makes_a_directory_of_it() -> None:
    stack = stacked(layer(file("a", size=5), file("a/b", size=2)))
    assert stack.paths() == ["a", "a/b"]
    shown = stack.entry("a")
    assert shown is not None
    assert shown.kind is Kind.DIR
    assert (stack.tallies[0].entries, stack.tallies[0].content_size) == (1, 2)


def test_the_last_of_two_entries_with_one_name_wins_and_the_first_counts_nowhere() -> None:
    stack = stacked(layer(file("a", size=5), file("b", size=1), file("a", size=3)))
    assert stack.marks(1) == {"a": "+", "b": "+"}
    assert (stack.tallies[0].entries, stack.tallies[0].content_size) == (2, 4)
    shown = stack.entry("a")
    assert shown is not None
    assert shown.size == 3


def test_a_file_over_a_folder_of_the_same_layer_takes_back_what_is_below() -> None:
    stack = stacked(layer(file("a/b", size=5), file("a", size=3)))
    assert stack.marks(1) == {"a": "+"}
    assert stack.counts(1) == (1, 0, 0)
    assert (stack.tallies[0].entries, stack.tallies[0].content_size) == (1, 3)


def test_a_path_that_its_own_layer_took_back_is_added_when_it_comes_again() -> None:
    stack = stacked(layer(file("a/b"), file("a")), layer(file("a/b")))
    assert stack.marks(2) == {"a": "~", "a/b": "+"}


def test_an_entry_for_the_root_gives_it_metadata_and_counts_nowhere() -> None:
    stack = stacked(layer(directory("", 0o700), file("a")), layer(directory("", 0o750)))
    assert stack.marks(1) == {"a": "+"}
    assert stack.marks(2) == {}
    assert [tally.entries for tally in stack.tallies] == [1, 0]
    shown = stack.entry("")
    assert shown is not None
    assert shown.mode == 0o750


def test_a_root_that_is_no_directory_is_left_out() -> None:
    stack = stacked(layer(file("", size=9), file("a", size=1)))
    assert stack.paths() == ["a"]
    assert (stack.tallies[0].entries, stack.tallies[0].content_size) == (1, 1)


def test_a_hard_link_shows_a_file_of_a_lower_layer() -> None:
    stack = stacked(layer(file("a", size=3)), layer(hardlink("l", "a")))
    assert stack.marks(2) == {"l": "+"}
    assert stack.tallies[1].content_size == 0
    shown = stack.shown_by("l")
    assert shown is not None
    assert (shown.path, shown.layer) == (b"a", 1)


def test_a_hard_link_shows_a_file_that_comes_later_in_its_layer() -> None:
    stack = stacked(layer(file("a", size=1)), layer(hardlink("l", "a"), file("a", size=3)))
    shown = stack.shown_by("l")
    assert shown is not None
    assert (shown.size, shown.layer) == (3, 2)


def test_a_hard_link_to_a_hard_link_shows_its_file_through_layers_and_in_any_order() -> None:
    stack = stacked(
        layer(hardlink("m", "l"), hardlink("l", "a"), file("a", size=3)), layer(hardlink("o", "n"), hardlink("n", "m"))
    )
    for link in "lmno":
        shown = stack.shown_by(link)
        assert shown is not None
        assert (shown.path, shown.layer) == (b"a", 1)


def test_a_hard_link_still_shows_a_file_that_its_own_layer_or_a_later_one_hides() -> None:
    stack = stacked(layer(file("a", size=3)), layer(hardlink("l", "a"), whiteout("a")), layer(file("b")))
    shown = stack.shown_by("l")
    assert shown is not None
    assert (shown.path, shown.layer) == (b"a", 1)


def test_a_hard_link_to_a_file_that_an_earlier_layer_removed_shows_nothing() -> None:
    stack = stacked(layer(file("a", size=3)), layer(whiteout("a")), layer(hardlink("l", "a")))
    assert stack.shown_by("l") is None
    assert stack.marks(3) == {"l": "+"}


@pytest.mark.parametrize("target", ["nowhere", "d", "s", "", "l"])
def test_a_hard_link_that_leads_to_no_file_shows_nothing(target: str) -> None:
    stack = stacked(layer(file("a", size=3), directory("d"), symlink("s", "a")), layer(hardlink("l", target)))
    assert stack.shown_by("l") is None


def test_hard_links_in_a_loop_show_nothing() -> None:
    stack = stacked(layer(hardlink("a", "b"), hardlink("b", "c"), hardlink("c", "a"), hardlink("d", "a")))
    assert [stack.shown_by(link) for link in "abcd"] == [None] * 4


def test_a_layer_that_cannot_be_read_at_all_has_no_counts_and_those_above_rest_on_it() -> None:
    stack = stacked(layer(file("a")), layer(error="it is missing"), layer(file("b")))
    lower, missing, upper = stack.tallies
    assert (missing.entries, missing.added, missing.content_size, missing.error) == (None, None, None, "it is missing")
    assert [tally.rests_on_incomplete for tally in (lower, missing, upper)] == [False, False, True]
    assert stack.paths() == ["a", "b"]


def test_a_layer_that_breaks_off_keeps_what_was_read_and_has_no_size() -> None:
    stack = stacked(layer(file("a", size=3), error="it ends early"), layer(file("a", size=3)))
    broken, upper = stack.tallies
    assert (broken.entries, broken.added, broken.content_size, broken.error) == (1, 1, None, "it ends early")
    assert (upper.content_size, upper.rests_on_incomplete) == (3, True)
    assert stack.marks(2) == {"a": "~"}


def test_the_tally_of_a_layer_has_its_warnings() -> None:
    entries = layer(file("a"))
    entries.warnings.append("left out ../b")
    assert stacked(entries).tallies[0].warnings == ("left out ../b",)


def test_layers_may_be_left_out() -> None:
    overlay = Overlay()
    overlay.apply(2, layer(file("a")))
    tally = overlay.apply(5, layer(whiteout("a"), file("b")))
    assert (tally.layer, tally.added, tally.removed) == (5, 1, 1)


NAMES = st.sampled_from(["a", "a/b", "a/b/c", "a/d", "e", "e/f", ""])
WRITTEN = st.builds(file, NAMES, st.integers(1, 9)) | st.builds(directory, NAMES) | st.builds(hardlink, NAMES, NAMES)
HIDDEN = st.builds(whiteout, NAMES) | st.builds(opaque, NAMES)


@given(st.lists(WRITTEN | HIDDEN, max_size=20), st.sets(st.integers(0, 20)))
def test_a_base_that_grows_while_it_is_read_is_the_same_in_the_end(items: list[Item], stops: set[int]) -> None:
    whole, grown, entries = Overlay(), Overlay(), LayerEntries()
    tally = whole.apply(1, layer(*items))
    for position, item in enumerate(items):
        entries.extend(layer(item))
        if position in stops:
            grown.grow(1, entries)
    assert grown.apply(1, entries) == tally
    for column in ("paths", "rows", "changes", "befores", "current", "link_targets", "whiteouts", "opaque_runs"):
        assert getattr(grown, column) == getattr(whole, column)
    assert list(map(grown.ids.path, grown.paths)) == list(map(whole.ids.path, whole.paths))


def calls_of(work: Callable[[], object]) -> int:
    """Return how many Python functions the work calls."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def calls_to_apply(upper: LayerEntries, *lower: LayerEntries) -> int:
    overlay = stacked(*lower).overlay
    return calls_of(lambda: overlay.apply(len(lower) + 1, upper))


def test_many_whiteouts_and_opaques_of_one_folder_look_at_its_children_once() -> None:
    count = 1000
    base = layer(*(file(f"d/{number}") for number in range(count)))
    items: list[Item] = [whiteout("d/0"), opaque("d"), whiteout("d"), opaque("")]
    often = layer(*items * count)
    stack = stacked(base, often)
    assert stack.counts(2) == (0, 0, count + 1)
    assert calls_to_apply(often, base) < 30 * count


def test_removing_children_one_by_one_looks_at_each_once() -> None:
    count = 1000
    base = layer(*(file(f"d/{number}") for number in range(count)))
    upper = layer(*(whiteout(f"d/{number}") for number in range(count)))
    assert stacked(base, upper).counts(2) == (0, 0, count)
    assert calls_to_apply(upper, base) < 15 * count


def test_a_folder_that_was_emptied_in_many_layers_costs_nothing_later() -> None:
    count = 1000
    full = layer(*(file(f"d/{number}") for number in range(count)))
    emptied = layer(opaque("d"))
    assert calls_to_apply(emptied, full, emptied, *[emptied] * 5) < 50


def test_a_long_chain_of_hard_links_is_followed_once() -> None:
    count = 1000
    chain = [hardlink(f"{number}", f"{number + 1}") for number in range(count)]
    forward = layer(*chain, file(f"{count}", size=1))
    backward = layer(file(f"{count}", size=1), *reversed(chain))
    for entries in (forward, backward):
        shown = stacked(entries).shown_by("0")
        assert shown is not None
        assert shown.size == 1
        assert calls_to_apply(entries) < 20 * count


def deep(root: str) -> FileEntry:
    """Return a file 2,000 folders deep, none of which has an entry."""
    return file(f"{root}/{'a/' * 2000}f")


def test_folders_without_entries_are_bounded_and_the_entries_left_out_are_counted() -> None:
    stack = stacked(
        layer(*(deep(str(number)) for number in range(100)), file("0/b", size=7)), layer(deep("x"), file("c"))
    )
    assert len(stack.overlay.ids) < 100_000
    assert stack.entry("0/b") is not None
    assert stack.entry("c") is not None
    first, second = stack.tallies
    assert first.content_size == 7
    assert first.warnings[0].startswith(
        f"{101 - (first.entries or 0)} entries were left out: their folders have no entries"
    )
    assert second.warnings[0].startswith("1 entry was left out")


def test_folders_that_are_implied_again_and_again_are_bounded() -> None:
    overlay = Overlay()
    overlay._implied_left = 2_000
    layers = [layer(whiteout("r"), file(f"r/{'d/' * 499}f")) for _ in range(8)]
    tallies = [overlay.apply(number, entries) for number, entries in enumerate(layers, start=1)]
    assert [bool(tally.warnings) for tally in tallies] == [False] * 4 + [True] * 4


@pytest.mark.parametrize("backwards", [False, True])
def test_entries_below_a_symlink_of_the_same_layer_give_a_warning(backwards: bool) -> None:
    items = [symlink("lib", "usr/lib"), file("lib/a", size=3), file("lib/b")]
    stack = stacked(layer(directory("usr/lib")), layer(*items[:: -1 if backwards else 1]))
    (warning,) = stack.tallies[1].warnings
    assert warning.startswith("the layer has entries below /lib, which it also makes a link or a file")
    assert (stack.entry("lib/a") is None) is backwards


def test_entries_below_a_symlink_of_a_lower_layer_give_no_warning() -> None:
    stack = stacked(layer(symlink("lib", "usr/lib")), layer(file("lib/a")), layer(symlink("lib", "usr/lib")))
    assert [tally.warnings for tally in stack.tallies] == [(), (), ()]
