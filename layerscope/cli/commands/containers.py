"""``layerscope containers``: list the containers of the local engines."""

import sys

from layerscope.cli.opening import say_left_out, warn_of
from layerscope.cli.options import AsJson, DebugLog, ListedEngine, RowLimit
from layerscope.debug_log import start_log
from layerscope.report.json_document import Limit
from layerscope.report.listings import write_container_table, write_containers_document
from layerscope.session.local.listing import local_containers

EXAMPLES = """\b
Examples:
  layerscope containers
  layerscope container://web                what the container web changed
  layerscope diff my-app:v1 container://web"""


def containers(
    engine: ListedEngine = None, limit: RowLimit = None, as_json: AsJson = False, debug: DebugLog = None
) -> None:
    """List the containers of the local engines, with the sizes of their writable layers."""
    start_log(debug)
    listing = local_containers(engine).checked()
    rows = Limit(limit)
    found = list(rows(listing.found))
    if as_json:
        write_containers_document(found, sys.stdout, rows)
    else:
        write_container_table(found, sys.stdout)
    say_left_out(rows)
    for refusal in listing.refusals:
        warn_of(refusal)
