"""Images as they were before a build replaced them."""

from layerscope.session.local.captured_image import captured, shared_layers
from layerscope.session.open import open_image
from tests.samples import SAMPLES


def test_the_layers_below_the_first_other_one_are_shared_with_the_image_before() -> None:
    with open_image(str(SAMPLES / "my-app.tar")) as old, open_image(str(SAMPLES / "my-app-v2.tar")) as new:
        before = captured(old)
        assert shared_layers(old.image, before) == 6
        assert shared_layers(new.image, before) == 5


def test_another_base_shares_nothing() -> None:
    with open_image(str(SAMPLES / "my-app.tar")) as old, open_image(str(SAMPLES / "odd-names.tar")) as new:
        assert shared_layers(new.image, captured(old)) == 0
