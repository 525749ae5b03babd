"""The table of commands, and the command line that it makes."""

import os
from typing import Annotated

import typer
from typer.main import get_command

from layerscope import __version__
from layerscope.cli.group import DEFAULT, ImageGroup, ListedCommand, PassThroughCommand
from layerscope.cli.options import (
    AsJson,
    DebugLog,
    DockerfileName,
    Full,
    NoCache,
    PlainHttp,
    Reference,
    WhichEngine,
    WhichImage,
    WhichPlatform,
)
from layerscope.debug_log import start_log

_COMMANDS = (
    ListedCommand("layers", "List the layers: size, changes, instruction."),
    ListedCommand("tree", "List the files at a layer, with its changes marked."),
    ListedCommand("why", "Show what made the image large, and what to change."),
    ListedCommand("dockerfile", "Show what each line of the Dockerfile costs."),
    ListedCommand("diff", "Compare two layers or two images."),
    ListedCommand("find", "Find paths in all layers, hidden ones too."),
    ListedCommand("history", "Show what each layer did to one path."),
    ListedCommand("packages", "List the packages, and which layer brought each."),
    ListedCommand("cat", "Print a file, as it is at any layer."),
    ListedCommand("extract", "Copy files and folders out of the image."),
    ListedCommand("check", "Check the image against rules, for CI."),
    ListedCommand("verify", "Check digests, sizes and counts against the bytes."),
    ListedCommand("report", "Write a report: HTML, Markdown or CSV."),
    ListedCommand("build", "Build with docker or podman, and open the result.", PassThroughCommand),
    ListedCommand("images", "List the images of the local engines."),
    ListedCommand("containers", "List the containers of the local engines."),
    ListedCommand("tags", "List the tags of an image in a registry."),
    ListedCommand("survey", "Write what many images hold as a Parquet data set."),
    ListedCommand("survey report", "Say what surveyed images share, hold and waste."),
    ListedCommand("trend", "Show the size of releases, and what made each jump."),
    ListedCommand("cache", "Show what is kept of images, or remove it."),
    ListedCommand("docker-plugin", "Make docker layerscope work, or remove it."),
    ListedCommand("schema", "Print the JSON Schema of what --json prints."),
    ListedCommand("config", "List the settings, and where each value comes from."),
)
"""The commands in the order of the help. Only the one that runs is imported."""

_EXAMPLES = """\b
Examples:
  layerscope                                   choose what to open
  layerscope my-app.tar                        open an archive in the explorer
  layerscope my-app:v1                         an image of the local engine
  layerscope --engine podman my-app:v1         where two engines have one
  layerscope container://web                   a container and its changes
  layerscope registry://ubuntu:24.04           an image in a registry
  docker save my-app:v1 | layerscope -         an archive on standard input
  layerscope my-app.tar --platform linux/arm64 one platform of several
  layerscope layers my-app.tar                 which layer is large
  layerscope tree my-app.tar --layer 3         the files at layer 3
  layerscope why my-app.tar                    what made it large
  layerscope diff v1.tar v2.tar                what changed between two
  layerscope build -t my-app .                 build, and open the result

A command takes precedence over a file of the same name: write ./build."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"layerscope {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")]


def _root(_version: Version = False) -> None:
    """Explore a container image layer by layer: what each instruction added, changed and removed, and its size."""


def _open_image(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    engine: WhichEngine = None,
    dockerfile: DockerfileName = None,
    as_json: AsJson = False,
    _plain_http: PlainHttp = False,
    no_cache: NoCache = False,
    full: Full = False,
    debug: DebugLog = None,
) -> None:
    """Open an image in the explorer, or list its layers when stdout is not a terminal."""
    from layerscope.cli.opening import show  # noqa: PLC0415  # 30 ms, and help needs none

    start_log(debug)
    show(reference, image, platform, engine, as_json=as_json, no_cache=no_cache, full=full, dockerfile=dockerfile)


def make_command_line() -> ImageGroup:
    """Return the command line."""
    app = typer.Typer(
        cls=ImageGroup,
        rich_markup_mode=None,  # Rich's help costs 150 ms
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(epilog=_EXAMPLES)(_root)
    app.command(DEFAULT, hidden=True)(_open_image)
    group = get_command(app)
    if "_LAYERSCOPE_COMPLETE" in os.environ:
        from layerscope.cli.completion import use_own_shells  # noqa: PLC0415  # only for a shell that completes a word

        use_own_shells()
    assert isinstance(group, ImageGroup)  # noqa: S101  # the class is given above
    for command in _COMMANDS:
        group.list_command(command)
    return group
