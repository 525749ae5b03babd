"""What all commands take: the image, which one of several, the form of the output, the log."""

from typing import Annotated

import typer

Reference = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        help="An archive, an OCI layout folder, - for standard input, or an image of a local engine by name.",
        show_default=False,
    ),
]
WhichImage = Annotated[
    str | None,
    typer.Option("--image", metavar="TAG", help="Which image, where there are several: its tag or digest."),
]
WhichPlatform = Annotated[
    str | None,
    typer.Option("--platform", metavar="OS/ARCH", help="Which platform, where there are several: linux/arm64."),
]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="IMAGE|N", help="The base image: a number of lowest layers, or an image to open."),
]
LayerNumber = Annotated[
    int | None, typer.Option("--layer", metavar="N", help="The layer, from 1 at the base; by default the last.")
]
PathInImage = Annotated[str, typer.Argument(metavar="PATH", help="A path in the image.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON document.")]
DebugLog = Annotated[
    str | None,
    typer.Option("--debug", metavar="FILE", help="Write a log to the file."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")]
