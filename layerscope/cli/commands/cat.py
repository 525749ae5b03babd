"""``layerscope cat``: print the bytes of one file."""

import sys

from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import warn
from layerscope.cli.options import LayerNumber, PathInImage
from layerscope.report.file_content import write_raw, write_readable
from layerscope.session.files.revision import file_at, whole_chunks
from layerscope.session.loaded_image import layer_number
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope cat my-app.tar /etc/nginx/nginx.conf
  layerscope cat my-app.tar /root/.ssh/id_rsa --layer 4    deleted since
  layerscope cat my-app.tar /usr/sbin/nginx | sha256sum

On a terminal, control characters of a text are printed as escapes, and binary
data is not printed."""


@image_command
def cat(
    named: NamedImage,
    path: PathInImage,
    *,
    layer: LayerNumber = None,
) -> None:
    """Print a file as it is after a layer, even if a later layer hides it; links are followed."""
    with named.opened(from_tables=True) as session:
        number = layer_number(session.image, layer)
        warn(session.image, session.tallies)
        chunks = whole_chunks(session.load(), file_at(session.load(), path, number), path)
        if sys.stdout.isatty():
            write_readable(chunks, printable_name(path), sys.stdout)
        else:
            write_raw(chunks, sys.stdout.buffer)
