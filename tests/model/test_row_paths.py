from hypothesis import given
from hypothesis import strategies as st

from layerscope.model.columns import RowPaths

names = st.binary(min_size=1, max_size=2).filter(lambda name: b"/" not in name and b"\0" not in name)
paths = st.lists(st.sampled_from([b"a", b"b"]) | names, max_size=3).map(b"/".join)
"""The root among them, which is the empty path."""


def row_paths(*given_paths: bytes) -> RowPaths:
    """Return paths that were added one after the other."""
    rows = RowPaths()
    for path in given_paths:
        rows.append(path)
    return rows


@given(st.lists(paths), st.lists(paths))
def test_paths_come_out_as_they_were_added(before: list[bytes], after: list[bytes]) -> None:
    rows = row_paths(*before)
    assert list(rows) == before
    rows.extend(row_paths(*after))
    assert list(rows) == before + after
    for path in before:
        rows.append(path)
    assert list(rows) == before + after + before


@given(st.lists(paths, min_size=1))
def test_packed_paths_are_the_same(added: list[bytes]) -> None:
    assert list(RowPaths.unpacked(*row_paths(*added).packed())) == added


@given(st.lists(paths), st.data())
def test_the_last_paths_are_those_of_the_last_rows(added: list[bytes], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(added)))
    assert row_paths(*added).last(count) == added[len(added) - count :]


@given(st.lists(paths))
def test_names_that_are_added_to_the_folder_begun_last_are_in_it(added: list[bytes]) -> None:
    rows = RowPaths()
    add_name = rows.name_appender()
    for path in added:
        folder, _, name = path.rpartition(b"/")
        rows.begin(folder)
        add_name(name)
    assert list(rows) == added


def test_names_of_one_folder_that_follow_each_other_are_one_run() -> None:
    assert list(row_paths(b"a/x", b"a/y", b"a", b"b/x").runs()) == [(b"a", b"x\0y"), (b"", b"a"), (b"b", b"x")]
