"""``layerscope docker-plugin``: make ``docker layerscope`` work."""

import shlex
import sys
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from layerscope.cli.docker_plugin import is_installed, plugin_file, plugin_script
from layerscope.errors import UsageError, os_reason
from layerscope.report.atomic_write import write_whole
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope docker-plugin install
  docker layerscope my-app:v1
  docker --context remote layerscope layers my-app:v1
  layerscope docker-plugin remove --dry-run

The plug-in is one file in the cli-plugins folder of the Docker CLI. A file there
that layerscope has not written is never changed."""


class PluginAction(StrEnum):
    """An action on the plug-in."""

    INSTALL = "install"
    REMOVE = "remove"


What = Annotated[PluginAction, typer.Argument(metavar="install|remove", help="What to do.", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be written or removed, and do nothing.")]


def docker_plugin(action: What, dry_run: DryRun = False) -> None:
    """Install or remove the plug-in of the Docker CLI, with which docker layerscope IMAGE works as layerscope IMAGE."""
    file = plugin_file()
    exists, name = is_installed(file), printable_name(str(file))
    if action is PluginAction.INSTALL:
        script = plugin_script(shlex.join(_own_command()))
        if not dry_run:
            _install(file, script, replace=exists)
        typer.echo(f"would write {name}:\n{script}" if dry_run else f"wrote {name}: try docker layerscope")
    elif not exists:
        typer.echo(f"{name} is not installed")
    else:
        if not dry_run:
            _remove(file)
        typer.echo(f"{'would remove' if dry_run else 'removed'} {name}")


def _own_command() -> list[str]:
    """Return the command that starts this layerscope, wherever it is run from."""
    if zipfile.is_zipfile(sys.argv[0]):
        return [sys.executable, str(Path(sys.argv[0]).resolve())]
    # -P: a folder named layerscope where the user happens to be is not this program
    return [sys.executable, "-P", "-m", "layerscope"]


def _install(file: Path, script: str, *, replace: bool) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{printable_name(str(file.parent))} cannot be made: {os_reason(error)}") from error
    write_whole(file, script, force=replace, permissions=0o777)


def _remove(file: Path) -> None:
    try:
        file.unlink()
    except OSError as error:
        raise UsageError(f"{printable_name(str(file))} cannot be removed: {os_reason(error)}") from error
