"""``layerscope build``: build with the local engine, and open the result."""

import typer

from layerscope.cli.opening import show
from layerscope.cli.streams import narrate
from layerscope.session.local.build import build as run_build

EXAMPLES = None

_HELP = frozenset({"--help", "-h"})


def build(context: typer.Context) -> None:
    """Build with the local engine (docker build, else podman build) and open the result."""
    report = run_build(context.args)
    if report.exit_status != 0:
        narrate(f"layerscope: {report.engine} build failed with exit status {report.exit_status}")
        raise typer.Exit(report.exit_status)
    if report.reference is not None:
        show(report.reference)
    elif _HELP.isdisjoint(context.args):
        narrate(f"{report.engine} build stored no image, so there is none to open")
