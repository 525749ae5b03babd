"""An image in the store of an engine."""

from typing import NamedTuple

from layerscope.model.digest import Digest
from layerscope.model.documents import ImageConfig
from layerscope.model.span import UnpackedLayer


class StoredImage(NamedTuple):
    """A config, checked against its digest, and its layers, base first, one for each diff_id."""

    config: ImageConfig
    config_digest: Digest
    layers: tuple[UnpackedLayer, ...]
