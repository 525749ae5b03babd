"""``layerscope build``: builds with the local engine, and opens the result."""

import typer
from typer.core import TyperCommand

from layerscope.cli.show import show
from layerscope.errors import SourceError

_HELP = frozenset({"--help", "-h"})


class PassThroughCommand(TyperCommand):
    """A command whose arguments are another program's: they are left alone, options, ``--`` and ``--help`` too."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # the vendored context
        """Keep the arguments."""
        ctx.args = list(args)
        return ctx.args


def build(context: typer.Context) -> None:
    """Build with the local engine (docker build, else podman build) and open the result."""
    from layerscope.session.local.build import build as run_build  # noqa: PLC0415  # starts processes

    try:
        reference = run_build(context.args)
    except SourceError:
        if _HELP.isdisjoint(context.args):
            raise
        # the engine has printed its help, and there is no image to open
        return
    show(reference)
