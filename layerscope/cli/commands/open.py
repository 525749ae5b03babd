"""``layerscope IMAGE``: the explorer, or the layer table where nobody looks."""

from layerscope.cli.debug_log import start_log
from layerscope.cli.options import AsJson, DebugLog, Reference, WhichImage, WhichPlatform
from layerscope.cli.show import show


def open_image(
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """Open an image in the explorer; where standard output is no terminal, list its layers."""
    start_log(debug)
    show(reference, image, platform, as_json=as_json)
