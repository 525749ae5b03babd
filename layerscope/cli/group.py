"""The group of commands: it adds the command that ``layerscope IMAGE`` leaves out, and imports only what runs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from layerscope.cli.errors import ExitStatus
from layerscope.cli.streams import give_up_output
from layerscope.errors import UsageError
from layerscope.text import printable_name

if TYPE_CHECKING:
    # Typer vendors click and exports these types nowhere else
    from typer._click.core import Command, Context, Parameter
    from typer._click.formatting import HelpFormatter
    from typer._click.shell_completion import CompletionItem

DEFAULT = "open"
"""The command that opens an image. It is hidden and cannot be typed: an image may have that name."""

_END_OF_OPTIONS = "--"


class ListedCommand(NamedTuple):
    """A command that is not imported yet.

    The module of that name, with _ for - and for a space, has a function of the same name, and ``EXAMPLES`` for the end
    of its help.
    """

    name: str
    help: str
    command_class: type[TyperCommand] | None = None


class PlainCommand(TyperCommand):
    """A command whose usage has IMAGE as its manual does; Typer writes {IMAGE}, which reads like a choice."""

    def collect_usage_pieces(self, ctx: "Context") -> list[str]:
        """Return the arguments of the usage line, with braces only around alternatives."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece.strip("{}") if "|" not in piece else piece for piece in pieces]


class PassThroughCommand(TyperCommand):
    """A command whose arguments are another program's: options, ``--`` and ``--help`` are passed on unchanged."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # the vendored context
        ctx.args = list(args)
        return ctx.args


@contextmanager
def _closed_pipe_is_success() -> Iterator[None]:
    """End with status 0 when the reader of the output closes the pipe; Typer would end with 1."""
    try:
        yield
    except BrokenPipeError:
        give_up_output()
        raise typer.Exit(ExitStatus.SUCCESS) from None


class ImageGroup(TyperGroup):
    """Commands beside a default one, whose options are part of the group's own help."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._listed: dict[str, ListedCommand] = {}

    def list_command(self, command: ListedCommand) -> None:
        """Add a command to the help and to completion, without importing it."""
        self._listed[command.name] = command
        self.add_command(TyperCommand(command.name, short_help=command.help))

    def shell_complete(self, ctx: "Context", incomplete: str) -> "list[CompletionItem]":
        """Return what can complete a word before which no command is: commands, options and images."""
        reference = self.commands[DEFAULT].params[0]
        images = [] if incomplete.startswith("-") else reference.shell_complete(ctx, incomplete)
        # a shell would take a command of two words as one
        commands = [item for item in super().shell_complete(ctx, incomplete) if " " not in item.value]
        return [*commands, *images]

    def resolve_command(self, ctx: "Context", args: list[str]) -> "tuple[str | None, Command | None, list[str]]":
        """Return the command that the first argument names, now imported, and the other arguments."""
        if " ".join(args[:2]) in self._listed:
            args = [" ".join(args[:2]), *args[2:]]
        name, command, rest = super().resolve_command(ctx, args)
        if name in self._listed:
            command = _import_command(self._listed[name])
        return name, command, rest

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Parse the arguments; without any, print the help."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(ExitStatus.ERROR)
        return super().parse_args(ctx, self.command_first(ctx, args) if args else args)

    def command_first(self, ctx: "Context", args: list[str]) -> list[str]:
        """Return the arguments with a command's name in front: the one that they name, or the default one's.

        An option of the group itself is returned alone. Raises UsageError for what looks like a mistyped command.
        """
        positions = self._positional_arguments(args)
        named = bool(positions) and args[positions[0]] in self._visible()
        searched = args[: positions[0]] if named else args
        own = {name for param in self.get_params(ctx) for name in param.opts}
        for argument in searched[: searched.index(_END_OF_OPTIONS)] if _END_OF_OPTIONS in searched else searched:
            if argument in own:
                return [argument]
        if named:
            return [args[positions[0]], *args[: positions[0]], *args[positions[0] + 1 :]]
        if len(positions) > 1 and (similar := get_close_matches(word := args[positions[0]], self._visible(), 1)):
            raise UsageError(f"there is no command {printable_name(word)}: did you mean {similar[0]}?")
        return [DEFAULT, *args]

    def _visible(self) -> list[str]:
        return [name.partition(" ")[0] for name, command in self.commands.items() if not command.hidden]

    def _positional_arguments(self, args: list[str]) -> list[int]:
        """Return the positions of the arguments that are neither options nor their values."""
        params: list[Any] = self.commands[DEFAULT].params
        options = [param for param in params if param.param_type_name == "option"]
        valued = {name for param in options if not param.is_flag for name in param.opts}
        positions, is_value = [], False
        for position, argument in enumerate(args):
            if argument == _END_OF_OPTIONS:
                break
            if not is_value and (argument == "-" or not argument.startswith("-")):
                positions.append(position)
            is_value = not is_value and argument in valued
        return positions

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the command line; ``--help`` and ``--version`` print here."""
        with _closed_pipe_is_success():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: "Context") -> Any:
        with _closed_pipe_is_success():
            return super().invoke(ctx)

    def format_usage(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] IMAGE")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", prefix=" " * len("Usage: "))

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the default command's argument, its options and the group's own, then the commands."""
        params: list[Parameter] = [*self.commands[DEFAULT].params, *self.get_params(ctx)]
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            records = [param.get_help_record(ctx) for param in params if param.param_type_name == kind]
            with formatter.section(title):
                formatter.write_dl([record for record in records if record is not None])
        self.format_commands(ctx, formatter)


def _import_command(listed: ListedCommand) -> "Command":
    name = re.sub("[- ]", "_", listed.name)
    module = import_module(f"layerscope.cli.commands.{name}")
    app = typer.Typer(
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    make = app.command(listed.name, cls=listed.command_class or PlainCommand, epilog=module.EXAMPLES)
    make(getattr(module, name))
    return get_command(app)
