"""The rules file to start with."""

from pathlib import Path

from msgspec.structs import replace

from layerscope.policy.rules_template import rules_template
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.open import open_image
from tests.builders import docker_archive, file, image, layer


def test_layers_that_an_engine_stores_unpacked_set_no_limit_for_the_download(tmp_path: Path) -> None:
    with open_image(str(docker_archive(tmp_path / "app.tar", image(layer(file("a", b"a")))))) as session:
        loaded = session.load()
        (stored,) = (replace(each, blob=None) for each in loaded.image.layers)
        unpacked = replace(loaded.image, layers=(stored,))
        text = rules_template(LoadedImage(unpacked, loaded.tree, loaded.tallies, loaded.contents)).text
    assert '# max-blob-size = "100 MB"\nmax-layer-size = 1  # 1 B\n' in text
