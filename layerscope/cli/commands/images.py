"""``layerscope images``: list the images of the local engines."""

import sys

from layerscope.cli.debug_log import start_log
from layerscope.cli.options import AsJson, DebugLog
from layerscope.report.json_document import write_json
from layerscope.report.local.document import images_document
from layerscope.session.local.images import local_images

EXAMPLES = None


def images(as_json: AsJson = False, debug: DebugLog = None) -> None:
    """List the images of the local engines."""
    start_log(debug)
    found = local_images()
    if as_json:
        write_json(images_document(found), sys.stdout)
    else:
        from layerscope.report.local.table import write_image_table  # noqa: PLC0415  # Rich

        write_image_table(found, sys.stdout)
