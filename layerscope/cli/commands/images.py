"""``layerscope images``: what the local engines have."""

import sys

from layerscope.cli.debug_log import start_log
from layerscope.cli.options import AsJson, DebugLog


def images(as_json: AsJson = False, debug: DebugLog = None) -> None:
    """List the images of the local engines."""
    from layerscope.report.local.images import images_document, write_image_table  # noqa: PLC0415
    from layerscope.session.local.images import local_images  # noqa: PLC0415  # sockets and processes

    start_log(debug)
    found = local_images()
    if as_json:
        from layerscope.report.json_document import write_json  # noqa: PLC0415

        write_json(images_document(found), sys.stdout)
    else:
        write_image_table(found, sys.stdout)
