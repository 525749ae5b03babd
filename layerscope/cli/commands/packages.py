"""``layerscope packages``: list the packages, and what each layer did to them."""

from layerscope.cli.answering import print_answer
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import warn, warn_of_attestations
from layerscope.cli.options import AsJson, LayerNumber, RowLimit
from layerscope.report.json_document import Limit
from layerscope.report.packages import write_packages_document, write_packages_tables
from layerscope.session.files.packages import packages_of
from layerscope.session.loaded_image import layer_number

EXAMPLES = """\b
Examples:
  layerscope packages my-app.tar
  layerscope packages my-app.tar --layer 2         as they are after layer 2
  layerscope packages my-app:v1 --json | jq '.events[] | [.layer, .name]'

+ brought, ↑ upgraded, ↓ downgraded, - removed; dead: bytes of what a layer
replaced or removed, which the image still ships."""


@image_command
def packages(named: NamedImage, *, layer: LayerNumber = None, limit: RowLimit = None, as_json: AsJson = False) -> None:
    """List the packages with the layer that brought each, and what was upgraded or removed and still ships."""
    with named.opened() as session:
        layer_number(session.image, layer)
        write = write_packages_document if as_json else write_packages_tables
        question, rows = ("packages", layer, as_json, session.image.attestations), Limit(limit)
        print_answer(
            [session], question, lambda file: write(session.image, packages_of(session, layer), file, rows), rows
        )
        warn(session.image, session.tallies)
        warn_of_attestations(session.image)
