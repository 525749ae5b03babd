"""``layerscope schema``: print the JSON Schema of a document."""

import sys
from typing import Annotated

import msgspec
import typer

from layerscope.cli.options import completed
from layerscope.errors import UsageError
from layerscope.report.schema import DOCUMENTS, document_schema
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope schema                                   the names of the documents
  layerscope schema layers
  layerscope schema why | jq '.properties | map_values(.description)'"""


def schema(
    document: Annotated[
        str,
        typer.Argument(
            metavar="[DOCUMENT]",
            help="The document of a command: layers, tree, …",
            show_default=False,
            autocompletion=completed("document"),
        ),
    ] = "",
) -> None:
    """Print the JSON Schema (2020-12) of what a command prints with --json, or list the documents."""
    if not document:
        sys.stdout.writelines(f"{name}\n" for name in DOCUMENTS)
    elif document in DOCUMENTS:
        text = msgspec.json.format(msgspec.json.encode(document_schema(document)), indent=2)
        sys.stdout.write(f"{text.decode()}\n")
    else:
        raise UsageError(f"there is no document {printable_name(document)}: there are {', '.join(DOCUMENTS)}")
