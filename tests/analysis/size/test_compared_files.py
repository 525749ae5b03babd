"""The files that a size report compares, found before the tree is built."""

from layerscope.analysis.size.duplicates import compared_files
from layerscope.model.entries import LayerEntries
from tests.analysis.entries import directory, file, hardlink, layer, opaque, stacked, whiteout


def compared(*layers: LayerEntries) -> list[str]:
    """Return the paths and the layers of the files."""
    overlay = stacked(*layers).overlay
    files = sorted(set(compared_files(overlay)))
    return [f"{overlay.ids.path(overlay.paths[file]).decode()} {overlay.layers[file]}" for file in files]


def test_files_of_one_size_that_the_final_image_shows_are_compared() -> None:
    base = layer(directory("d"), file("d/a", 5), file("b", 5), file("alone", 6), file("gone", 7), file("hidden/c", 7))
    top = layer(file("e", 5), file("empty"), file("also-empty"), hardlink("link", "e"), whiteout("gone"), file("f", 7))
    assert compared(base, top) == ["d/a 1", "b 1", "hidden/c 1", "e 2", "f 2"]
    assert compared(base, top, layer(opaque("hidden"))) == ["d/a 1", "b 1", "e 2"]


def test_a_file_written_again_in_the_same_size_is_compared_with_what_it_hid() -> None:
    layers = [layer(file("a", 5), file("b", 6), file("c", 7)), layer(file("a", 5), file("b", 66), directory("c"))]
    assert compared(*layers) == ["a 1", "a 2"]
    assert compared(*layers, layer(file("a", 5), file("b", 66))) == ["a 1", "a 2", "b 2", "a 3", "b 3"]
