from contextlib import ExitStack
from pathlib import Path

import pytest

from layerscope.errors import UsageError
from layerscope.session.files.revision import file_at
from layerscope.session.loaded_image import LoadedImage, known_node, present_node
from layerscope.session.open import open_image
from layerscope.text import printable_name
from tests.builders import blob_name, docker_archive, docker_files, file, image, layer, sha256, write_tar

ODD_NAMES = [
    b"d\xe4m",
    "dämm".encode(),
    b"a\\b",
    b"tab\there",
    "\x85".encode(),
    b"\x85",
    b"esc\x1b[1m",
    "\u202e.txt".encode(),
]


@pytest.fixture
def odd(tmp_path: Path) -> LoadedImage:
    entries = [file(f"d/{name.decode('utf-8', 'surrogateescape')}", name) for name in ODD_NAMES]
    with open_image(str(docker_archive(tmp_path / "odd.tar", image(layer(*entries))))) as session:
        return session.load()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_can_be_typed_as_it_is_printed(odd: LoadedImage, name: bytes) -> None:
    node = known_node(odd, f"/d/{printable_name(name)}", 1)
    # a printed \x85 is the byte if there is one of that name, else the character
    assert odd.tree.index.path(node) in (b"d/" + name, b"d/\x85")
    assert present_node(odd, f"/d/{printable_name(name)}", 1) == node
    assert odd.tree.index.rows[file_at(odd, f"/d/{printable_name(name)}", 1)] >= 0


def test_the_literal_name_wins(tmp_path: Path) -> None:
    entries = [file("a\\x41", b"literal"), file("aA", b"escaped")]
    with open_image(str(docker_archive(tmp_path / "a.tar", image(layer(*entries))))) as session:
        node = known_node(session.load(), "/a\\x41", 1)
        assert session.load().tree.index.path(node) == b"a\\x41"


def test_a_path_in_no_layer_of_an_incomplete_image_may_be_in_one_that_was_not_read(tmp_path: Path) -> None:
    top = layer(file("b"))
    files = docker_files(image(layer(file("a")), top))
    with ExitStack() as stack:
        whole = stack.enter_context(open_image(str(write_tar(tmp_path / "whole.tar", files))))
        with pytest.raises(UsageError, match=r"^/nowhere is in no layer of the image$"):
            known_node(whole.load(), "/nowhere", 2)
        del files[blob_name(sha256(top))]
        broken = stack.enter_context(open_image(str(write_tar(tmp_path / "broken.tar", files))))
        for find in (known_node, present_node, file_at):
            with pytest.raises(UsageError, match=r"^/b is in no layer that could be read$"):
                find(broken.load(), "/b", 2)
