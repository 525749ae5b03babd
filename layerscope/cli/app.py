"""The commands, put together."""

from typing import Annotated

import typer

from layerscope import __version__
from layerscope.cli.commands.build import PassThroughCommand, build
from layerscope.cli.commands.cat import cat
from layerscope.cli.commands.check import check
from layerscope.cli.commands.diff import diff
from layerscope.cli.commands.extract import extract
from layerscope.cli.commands.history import history
from layerscope.cli.commands.images import images
from layerscope.cli.commands.layers import layers
from layerscope.cli.commands.open import open_image
from layerscope.cli.commands.report import report
from layerscope.cli.commands.tree import tree
from layerscope.cli.commands.why import why
from layerscope.cli.default_command import DEFAULT, ImageGroup

_EXAMPLES = """\b
Examples:
  layerscope my-app.tar                        open an archive in the explorer
  layerscope my-app:v1                         an image of the local engine
  docker save my-app:v1 | layerscope -         an archive on standard input
  layerscope my-app.tar --platform linux/arm64 one platform of several
  layerscope layers my-app.tar                 which layer is large
  layerscope tree my-app.tar --layer 3         the files at layer 3
  layerscope why my-app.tar                    what made it large
  layerscope diff v1.tar v2.tar                what changed between two
  layerscope build -t my-app .                 build, and open the result

A command's name wins over a file of that name: write ./build."""

_LAYERS_EXAMPLES = """\b
Examples:
  layerscope layers my-app.tar
  layerscope layers my-app:v1 --json | jq '.layers[] | [.layer, .content_size]'"""

_TREE_EXAMPLES = """\b
Examples:
  layerscope tree my-app.tar --layer 3 --only added,modified,removed
  layerscope tree my-app.tar --depth 2 --sort size      which folders are large
  layerscope tree my-app.tar | grep nginx
  layerscope tree my-app.tar --json | jq '.entries[] | select(.size > 1e7)'"""

_WHY_EXAMPLES = """\b
Examples:
  layerscope why my-app.tar
  layerscope why my-app.tar --base debian:13            what the base brought, set apart
  layerscope why my-app.tar --all | grep /var/cache     every dead file
  layerscope why my-app:v1 --json | jq '.advice[] | [.saves, .layer, .text]'"""

_DIFF_EXAMPLES = """\b
Examples:
  layerscope diff my-app.tar 3 7           what layers 4 to 7 did (or 3..7)
  layerscope diff my-app.tar 3 7 --own     the entries of both layers
  layerscope diff v1.tar v2.tar            two images
  layerscope diff v1.tar v2.tar --stat     which directories grew
  layerscope diff v1.tar v2.tar --patch --path /etc
  layerscope diff two.tar two.tar --image v1 --image v2
  layerscope diff v1.tar v2.tar --json | jq '.changes[] | [.change, .path]'

Status with --exit-code: 0 if nothing differs, 1 if anything does, 2 if that
cannot be told."""

_HISTORY_EXAMPLES = """\b
Examples:
  layerscope history my-app.tar /etc/passwd
  layerscope history my-app.tar /root/.ssh/id_rsa    deleted since, or not
  layerscope history my-app:v1 /etc/passwd --json | jq '.events[].layer'"""

_CAT_EXAMPLES = """\b
Examples:
  layerscope cat my-app.tar /etc/nginx/nginx.conf
  layerscope cat my-app.tar /root/.ssh/id_rsa --layer 4    deleted since
  layerscope cat my-app.tar /usr/sbin/nginx | sha256sum

On a terminal, control characters of a text are escapes, and binary data is
not shown."""

_EXTRACT_EXAMPLES = """\b
Examples:
  layerscope extract my-app.tar /etc/nginx --to out     out/etc/nginx
  layerscope extract my-app.tar / --to rootfs           the whole file system
  layerscope extract my-app.tar /srv/state --layer 6 --to out
  sudo layerscope extract my-app.tar / --to rootfs --owner --setuid --devices

Nothing is written outside DIR, and no link is followed. If anything fails, DIR
is as it was."""

_CHECK_EXAMPLES = """\b
Examples:
  layerscope check my-app.tar --init                    write rules: today's figures are the limits
  layerscope check my-app.tar                           by .layerscope.toml, a pyproject.toml or a .dive-ci
  layerscope check my-app:v2 --baseline my-app:v1       has it grown?
  layerscope check my-app.tar --format junit -o layerscope.xml
  layerscope check my-app.tar --format github           annotations in a GitHub workflow

Status 0: all rules are kept; 1: one is not; 2: it cannot be told, for a layer cannot be read."""

_REPORT_EXAMPLES = """\b
Examples:
  layerscope report my-app.tar -o my-app.html           one page, with a map to walk through
  layerscope report my-app:v1 -o my-app.md              for a wiki or a comment
  layerscope report my-app:v1 -o my-app.csv             for a spreadsheet"""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"layerscope {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")]


def _root(_version: Version = False) -> None:
    """Open a container image and see it layer by layer: what each step put in, changed and hid, and what it cost."""


def make_app() -> typer.Typer:
    """Return the command line."""
    app = typer.Typer(
        cls=ImageGroup,
        rich_markup_mode=None,  # Rich's help costs 150 ms
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(epilog=_EXAMPLES)(_root)
    app.command(DEFAULT, hidden=True)(open_image)
    app.command("layers", short_help="What each layer holds and costs.", epilog=_LAYERS_EXAMPLES)(layers)
    app.command("tree", short_help="The files at a layer, marked with its changes.", epilog=_TREE_EXAMPLES)(tree)
    app.command("why", short_help="Which layer made the image large, and what to change.", epilog=_WHY_EXAMPLES)(why)
    app.command("diff", short_help="Two layers or two images compared.", epilog=_DIFF_EXAMPLES)(diff)
    app.command("history", short_help="What each layer did to one path.", epilog=_HISTORY_EXAMPLES)(history)
    app.command("cat", short_help="The bytes of a file, at any layer.", epilog=_CAT_EXAMPLES)(cat)
    app.command("extract", short_help="Files and folders, written into a folder.", epilog=_EXTRACT_EXAMPLES)(extract)
    app.command("check", short_help="Rules for CI: thresholds, budgets, paths.", epilog=_CHECK_EXAMPLES)(check)
    app.command("report", short_help="The answer as an HTML page, Markdown or CSV.", epilog=_REPORT_EXAMPLES)(report)
    app.command("build", cls=PassThroughCommand, short_help="Build with docker or podman, and open the result.")(build)
    app.command("images", short_help="The images of the local engines.")(images)
    return app
