import pytest

from layerscope.analysis.size.directories import DirectorySizes
from layerscope.analysis.size.duplicates import ReadingBudget, duplicate_candidates
from layerscope.analysis.size.layers_and_files import LayerSize, blob_shares, largest_live, largest_written, layer_sizes
from layerscope.analysis.tree.tally import LayerTally
from tests.analysis.entries import directory, hardlink, opaque, symlink, whiteout
from tests.analysis.size.analyzed import Content, SizedImage, sized, written


def layers_of(image: SizedImage, blob_sizes: dict[int, int | None]) -> tuple[LayerSize, ...]:
    return layer_sizes(blob_sizes, {1: "ADD base /"}, image.tallies, image.dead)


def test_a_layer_has_content_blob_share_and_dead_bytes() -> None:
    image = sized([written("a", size=60), written("b", size=15)], [written("a", size=25), whiteout("b")])
    first, second = layers_of(image, {1: 300, 2: None})
    assert first == LayerSize(1, "ADD base /", 75, 300, 0.75, dead_size=75, hides_size=0)
    assert second == LayerSize(2, None, 25, None, 0.25, dead_size=0, hides_size=75)


def test_layers_are_ranked_by_content_and_equal_ones_by_number() -> None:
    image = sized([written("a", size=1)], [written("b", size=9)], [written("c", size=1)])
    assert [layer_size.layer for layer_size in layers_of(image, {1: 1, 2: 1, 3: 1})] == [2, 1, 3]


def test_a_layer_that_could_not_be_read_has_no_size_and_no_layer_has_a_share() -> None:
    tallies = {1: LayerTally(1, content_size=10), 2: LayerTally(2, error="broken")}
    known, unknown = layer_sizes({1: 5, 2: 5}, {}, tallies, None)
    assert known == LayerSize(1, None, 10, 5, None, None, None)
    assert unknown == LayerSize(2, None, None, 5, None, None, None)


def test_layers_without_content_have_no_share() -> None:
    assert [layer_size.share for layer_size in layers_of(sized([], [directory("d")]), {1: 1, 2: 1})] == [0.0, 0.0]


def test_a_live_file_counts_once_at_its_own_path() -> None:
    base: list[Content] = [written("b", "bytes"), hardlink("a", "b"), written("gone", "1"), symlink("l", "b")]
    image = sized(base, [whiteout("gone")])
    assert image.live_paths() == ["b"]
    assert list(image.live.sizes) == [5]


def test_a_live_file_without_its_own_path_is_listed_at_its_first_link() -> None:
    image = sized([written("a", "bytes"), hardlink("z", "a"), hardlink("c", "a")], [whiteout("a")])
    assert image.live_paths() == ["c"]
    assert list(image.live.layers) == [1]


def test_the_live_files_of_a_folder_are_those_below_it() -> None:
    image = sized([written("a", "1"), written("d/x", "2"), written("d/e/y", "3"), written("d-", "4")])
    folder = image.tree.index.find(b"d")
    assert folder is not None
    below = image.live.below(folder, image.tree.index.ends[folder])
    assert [image.live_paths()[place] for place in below] == ["d/e/y", "d/x"]


def test_the_largest_files_of_the_final_image_leave_out_the_dead() -> None:
    image = sized([written("dead", size=9), written("small", size=1), written("big", size=5)], [whiteout("dead")])
    assert [(file.path, file.size, file.layer) for file in largest_live(image.tree, image.live, 2)] == [
        (b"big", 5, 1),
        (b"small", 1, 1),
    ]


def test_the_largest_files_of_all_layers_name_the_layer_that_hid_a_dead_one() -> None:
    image = sized([written("f", size=9), written("e", "")], [written("f", size=5)], [written("g", size=7)])
    found = largest_written(image.tree, image.live, image.dead, 10)
    assert [(file.path, file.size, file.layer, file.hidden_by) for file in found] == [
        (b"f", 9, 1, 2),
        (b"g", 7, 3, None),
        (b"f", 5, 2, None),
    ]


def test_a_folder_has_the_live_and_the_dead_bytes_below_it() -> None:
    image = sized(
        [written("a/b/live", size=7), written("a/b/dead", size=3), written("a/c", size=1), written("x/y", size=4)],
        [whiteout("a/b/dead"), opaque("x")],
    )
    sizes = DirectorySizes(image.tree, image.live, image.dead)
    top = [(row.name, row.is_directory, row.size, row.dead, row.files) for row in sizes.rows(0)]
    assert top == [(b"a", True, 8, 3, 2), (b"x", True, 0, 4, 0)]
    assert (sizes.row(0).size, sizes.row(0).dead) == (8, 7)
    (folder,) = [row.node for row in sizes.rows(0) if row.name == b"a"]
    assert [(row.name, row.size, row.dead) for row in sizes.rows(folder)] == [(b"b", 7, 3), (b"c", 1, 0)]


def test_a_folder_that_became_a_file_is_none_of_the_largest_folders() -> None:
    image = sized([written("a/b/c", size=7), written("d/e", size=1)], [written("a", size=9), whiteout("d")])
    folders = DirectorySizes(image.tree, image.live, image.dead).heaviest_folders(9)
    assert [(image.tree.index.path(row.node), row.size, row.dead) for row in folders] == [(b"a/b", 0, 7), (b"d", 0, 1)]


def test_paths_without_any_size_have_no_row() -> None:
    image = sized([directory("empty"), written("none", ""), symlink("l", "x"), written("f", "1")])
    rows = DirectorySizes(image.tree, image.live, image.dead).rows(0)
    assert [row.name for row in rows] == [b"f"]


def test_duplicates_are_the_same_bytes_at_several_paths_of_the_final_image() -> None:
    image = sized(
        [written("a", "same"), written("b", "same"), written("other", "diff"), written("gone", "same")],
        [written("c", "same"), whiteout("gone")],
    )
    (found,) = image.duplicates
    assert (found.size, found.saves, found.layers) == (4, 8, (1, 1, 2))
    assert [image.tree.index.path(node) for node in found.nodes] == [b"a", b"b", b"c"]


def test_hard_links_empty_files_and_symlinks_are_no_duplicates() -> None:
    image = sized([written("a", "same"), hardlink("b", "a"), symlink("c", "a"), written("d", ""), written("e", "")])
    assert image.duplicates == ()


def test_files_that_cannot_be_read_are_not_duplicates() -> None:
    image = sized([written("a", "same"), written("b", "same")])
    image.contents = {}
    assert image.duplicates == ()


def test_duplicates_that_cost_most_come_first() -> None:
    image = sized([written(f"s{n}", "x") for n in range(3)] + [written(f"l{n}", "large") for n in range(2)])
    assert [duplicate.saves for duplicate in image.duplicates] == [5, 2]


def test_files_beyond_the_budget_are_counted_and_save_least() -> None:
    live = sized([written(f"{size}-{n}", size=size) for size in (10, 100, 1000) for n in range(2)]).live
    budgets = (ReadingBudget(), ReadingBudget(files=2), ReadingBudget(size=230))
    found = [duplicate_candidates(live.sizes, budget) for budget in budgets]
    compared = [[live.sizes[group[0]] for group in each.groups] for each in found]
    assert compared == [[1000, 100, 10], [1000], [100, 10]]
    assert [(each.left_out, each.left_out_size) for each in found] == [(0, 0), (4, 110), (2, 1000)]


@pytest.mark.parametrize(("size", "estimate"), [(0, 0), (50, 25), (100, 50)])
def test_a_blob_is_shared_out_by_content_size(size: int, estimate: int) -> None:
    shares = blob_shares({1: 50}, {1: LayerTally(1, content_size=100)})
    assert shares.estimate(1, size) == estimate


def test_the_stored_bytes_of_an_unknown_layer_are_unknown() -> None:
    tallies = {1: LayerTally(1, content_size=100), 2: LayerTally(2), 3: LayerTally(3, content_size=0)}
    shares = blob_shares({1: 50, 2: 50, 3: 10, 4: None}, tallies)
    assert [shares.estimate(layer, 10) for layer in (1, 2, 3, 4)] == [5, None, 0, None]
    assert shares.total({1: 10, 3: 0}) == 5
    assert shares.total({1: 10, 2: 1}) is None
