"""``layerscope build``: build with the local engine, and open the result."""

import typer

from layerscope.cli.opening import show
from layerscope.errors import SourceError
from layerscope.session.local.build import build as run_build

EXAMPLES = None

_HELP = frozenset({"--help", "-h"})


def build(context: typer.Context) -> None:
    """Build with the local engine (docker build, else podman build) and open the result."""
    try:
        reference = run_build(context.args)
    except SourceError:
        if _HELP.isdisjoint(context.args):
            raise
        # the engine has printed its help, and there is no image to open
        return
    show(reference)
