"""The ids of paths against a dict of all paths, and runs of names against names that come one by one."""

from hypothesis import given
from hypothesis import strategies as st

from layerscope.analysis.tree.path_ids import PathIds, child_path
from layerscope.model.columns import RowPaths
from layerscope.model.entries import FileEntry, Kind, LayerEntries, OpaqueWhiteout, Whiteout
from tests.analysis.entries import Item, Stack, layer, stacked

names = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
paths = st.lists(names, min_size=1, max_size=3).map(b"/".join)
kinds = st.sampled_from([Kind.DIR, Kind.DIR, Kind.FILE, Kind.HARDLINK])
entries = st.builds(FileEntry, paths | st.just(b""), kinds, size=st.integers(0, 3), link=st.none() | paths)
items = st.one_of(entries, entries, entries, st.builds(Whiteout, paths), st.builds(OpaqueWhiteout, paths))
stacks = st.lists(st.lists(items, max_size=40), min_size=1, max_size=4)
"""Layers with few names, so that many of them repeat, hide and contradict each other."""


def added(ids: PathIds, known: dict[bytes, int], folder: bytes, children: list[bytes]) -> None:
    """Add the new ones of some names in a folder to the ids, and to the paths that are known."""
    new = [name for name in dict.fromkeys(children) if child_path(folder, name) not in known]
    if new:
        ids.folders[folder] = known[folder]
        ids.add(known[folder], new)
        for name in new:
            known[child_path(folder, name)] = len(known)


@given(st.lists(st.tuples(st.integers(0), st.lists(names, min_size=1), st.booleans())))
def test_ids_are_those_of_all_paths_in_the_order_of_discovery(additions: list[tuple[int, list[bytes], bool]]) -> None:
    ids, known = PathIds(), {b"": 0}
    for number, children, is_looked_up in additions:
        folder = list(known)[number % len(known)]
        added(ids, known, folder, children)
        if is_looked_up:
            assert ids.find(child_path(folder, b"other")) == -1
    assert len(ids) == len(known)
    assert {path: ids.find(path) for path in known} == known
    assert {ids.path(number): number for number in range(len(ids))} == known
    assert ids.names() == [path.rpartition(b"/")[2] for path in known]
    assert list(ids.parents()) == [known[path.rpartition(b"/")[0]] for path in known]
    assert list(map(ids.parent, range(len(ids)))) == list(ids.parents())


def test_what_was_added_to_a_folder_after_a_run_is_known() -> None:
    ids, known = PathIds(), {b"": 0}
    assert ids.last_run(0) >= 0
    added(ids, known, b"", [b"a", b"b"])
    assert ids.last_run(known[b"a"]) == -1
    added(ids, known, b"a", [b"x"])
    run = ids.last_run(known[b"a"])
    added(ids, known, b"b", [b"x"])
    added(ids, known, b"a", [b"y", b"z"])
    assert list(ids.added_after(run, known[b"a"])) == [known[b"a/y"], known[b"a/z"]]
    assert sorted(ids.added_after(-1, known[b"a"])) == [known[b"a/x"], known[b"a/y"], known[b"a/z"]]


def one_by_one(entries: LayerEntries) -> LayerEntries:
    """Return a layer in which each run has one name."""
    rows = RowPaths()
    for path in entries.paths:
        rows.begin(path.rpartition(b"/")[0])
        rows.append(path)
    return LayerEntries(entries.table, rows, entries.whiteouts, entries.opaque_whiteouts)


def facts(stack: Stack) -> list[object]:
    """Return what the overlay says, whatever the numbers of the occurrences that one whiteout hides."""
    log = stack.overlay

    def named(occurrence: int) -> tuple[int, int]:
        return log.layers[occurrence], log.paths[occurrence]

    def revisions(occurrence: int) -> list[tuple[int, int, int]]:
        before = log.befores[occurrence]
        own = log.layers[occurrence], log.rows[occurrence], log.changes[occurrence]
        return [own, *(revisions(before) if before >= 0 else ())]

    return [
        log.ids.names(),
        log.ids.parents(),
        list(map(revisions, log.current)),
        sorted(map(named, log.hiding_occurrences)),
        sorted(map(named, log.whiteouts)),
        {named(link): named(target) for link, target in log.link_targets.items()},
        [sorted(map(named, run)) for run in log.opaque_runs],
        stack.tallies,
    ]


@given(stacks)
def test_many_names_at_once_are_written_as_one_by_one(stack: list[list[Item]]) -> None:
    layers = [layer(*each) for each in stack]
    assert facts(stacked(*layers)) == facts(stacked(*map(one_by_one, layers)))
