"""``layerscope packages``: list the packages, and what each layer did to them."""

from functools import partial
from typing import TextIO

from layerscope.cli.answering import print_answer
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import say_left_out, warn, warn_of_attestations
from layerscope.cli.options import AsJson, LayerNumber, RowLimit
from layerscope.report.json_document import Limit
from layerscope.report.packages import write_packages_document, write_packages_tables
from layerscope.session.files.packages import packages_of
from layerscope.session.image_session import ImageSession
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
        rows = Limit(limit)
        question = ("packages", layer, limit, as_json, session.image.attestations)
        print_answer([session], question, partial(_write, session, layer, rows, as_json=as_json))
        say_left_out(rows)
        warn(session.image, session.tallies)
        warn_of_attestations(session.image)


def _write(session: ImageSession, layer: int | None, limit: Limit, file: TextIO, *, as_json: bool) -> bool:
    found = packages_of(session, layer)
    if as_json:
        write_packages_document(session.image, found, file, limit)
    else:
        write_packages_tables(session.image, found, file, limit)
    return limit.most is None
