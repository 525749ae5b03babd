from pathlib import Path

from layerscope.session.open import open_image
from tests.builders import docker_archive, file, image, layer


def test_its_description_does_not_list_the_tree(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image.tar", image(layer(*(file(f"f{number}") for number in range(1_000)))))
    with open_image(str(path)) as session:
        assert repr(session.load()) == f"LoadedImage('{path}')"
