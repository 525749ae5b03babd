"""``layerscope history``: show what each layer did to one path."""

import sys

from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import say_left_out, warn
from layerscope.cli.options import AsJson, PathInImage, RowLimit
from layerscope.comparison.compare import history_of
from layerscope.errors import UsageError
from layerscope.report.history import write_history_document, write_history_table
from layerscope.report.json_document import Limit
from layerscope.session.loaded_image import known_node
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope history my-app.tar /etc/passwd
  layerscope history my-app.tar /root/.ssh/id_rsa    deleted since, or not
  layerscope history my-app:v1 /etc/passwd --json | jq '.events[].layer'"""


@image_command
def history(
    named: NamedImage,
    path: PathInImage,
    *,
    limit: RowLimit = None,
    as_json: AsJson = False,
) -> None:
    """Show which layers wrote, changed or removed a path, with their instructions."""
    with named.opened() as session:
        warn(session.image, session.tallies)
        tree, last = session.load().tree, len(session.image.layers)
        node = known_node(session.load(), path, last)
        name = tree.index.path(node)
        if not name:
            raise UsageError("the root folder has no history: name a path in it")
        events = history_of(session.load(), node)
        if not events:
            raise UsageError(f"/{printable_name(name)} is in no layer: another entry of the same layer replaces it")
        rows = Limit(limit)
        if as_json:
            is_present = tree.is_present(node, last)
            write_history_document(session.image, name, events, sys.stdout, rows, present=is_present)
        else:
            write_history_table(session.image, name, events, sys.stdout, rows)
        say_left_out(rows)
