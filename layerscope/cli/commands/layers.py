"""``layerscope layers``: list the steps and layers, with their sizes."""

from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import print_layers
from layerscope.cli.options import AsJson, Full, RowLimit

EXAMPLES = """\b
Examples:
  layerscope layers my-app.tar
  layerscope layers my-app:v1 --json | jq '.layers[] | [.layer, .content_size]'"""


@image_command
def layers(
    named: NamedImage,
    *,
    full: Full = False,
    limit: RowLimit = None,
    as_json: AsJson = False,
) -> None:
    """List steps and layers: sizes, added (+), modified (~) and removed (-) paths, dead bytes, instruction."""
    with named.opened(from_tables=not full) as session:
        print_layers(session, limit, as_json=as_json)
