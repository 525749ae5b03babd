"""``layerscope history``: what each layer did to one path."""

import sys

from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, warn
from layerscope.cli.options import AsJson, DebugLog, PathInImage, Reference, WhichImage, WhichPlatform


def history(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    path: PathInImage,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    as_json: AsJson = False,
    debug: DebugLog = None,
) -> None:
    """Tell which layers wrote, changed or removed a path, with their instructions."""
    from layerscope.comparison.compare import history_of  # noqa: PLC0415  # nothing that --help needs
    from layerscope.session.lookup import known_node  # noqa: PLC0415

    start_log(debug)
    with opened(reference, image, platform) as session:
        warn(session)
        tree, last = session.loaded.tree, len(session.image.layers)
        node = known_node(tree, path, last)
        events = history_of(session.loaded, node)
        if as_json:
            from layerscope.report.history.document import history_document  # noqa: PLC0415  # each run needs one
            from layerscope.report.json_document import write_json_table  # noqa: PLC0415

            document = history_document(
                session.image, tree.index.path(node), events, present=tree.is_present(node, last)
            )
            write_json_table(document, sys.stdout)
        else:
            from layerscope.report.history.table import write_history_table  # noqa: PLC0415

            write_history_table(session.image, tree.index.path(node), events, sys.stdout)
