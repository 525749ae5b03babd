"""Completion of command lines."""

from collections.abc import Sequence

import typer
from typer._completion_classes import BashComplete

from layerscope.cli.app import make_command_line
from layerscope.cli.docker_plugin import PROGRAM

_NO_FILES = 4
"""Cobra's directive for a shell that is not to offer files."""


def print_completions(words: Sequence[str]) -> int:
    """Print what can complete the last word, as Cobra's shell scripts expect it.

    https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
    """
    *before, incomplete = words or [""]
    found = BashComplete(make_command_line(), {}, PROGRAM, "").get_completions(before, incomplete)
    for item in found:
        typer.echo(f"{item.value}\t{item.help}" if item.help else item.value)
    typer.echo(f":{_NO_FILES if found else 0}")
    return 0
