"""The base image that the user names: a number of layers, or another image."""

from layerscope.analysis.size.base_image import BaseImage, base_by_diff_ids, base_by_number
from layerscope.model.image import Image
from layerscope.session.image_facts import base_of, layer_diff_ids
from layerscope.session.open import open_image
from layerscope.text import printable_name


def chosen_base(image: Image, base: str | None) -> BaseImage | None:
    """Return the base image that the user names by the number of its layers, or by its reference.

    None if ``base`` is None. Raises UsageError if the image was not built on it.
    """
    if base is None:
        return None
    if base.isascii() and base.isdigit():
        # Python parses at most 4,300 digits; no image has that many layers
        return base_by_number(base_of(image), int(base[:18]), len(image.layers))
    with open_image(base, platform=str(image.platform) or None) as opened:
        return base_by_diff_ids(layer_diff_ids(image), layer_diff_ids(opened.image), printable_name(base))
