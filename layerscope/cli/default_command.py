"""``layerscope IMAGE`` needs no command's name: a group that puts the missing one in front."""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from layerscope.cli.exit_status import ExitStatus
from layerscope.cli.streams import give_up_output
from layerscope.errors import UsageError
from layerscope.text import printable_name

if TYPE_CHECKING:
    # typer has its click inside, and names these types nowhere else
    from typer._click.core import Context, Parameter
    from typer._click.formatting import HelpFormatter

DEFAULT = "open"
"""The command that opens an image. It is hidden, and nobody can type it: an image may have that name."""

_END_OF_OPTIONS = "--"


@contextmanager
def _enough_read() -> Iterator[None]:
    """Take a closed pipe for what it is, no failure: whoever closes it has read enough. Typer would end in 1."""
    try:
        yield
    except BrokenPipeError:
        give_up_output()
        raise typer.Exit(ExitStatus.FINE) from None


class ImageGroup(TyperGroup):
    """Commands beside a default one, whose options stand in the group's own help."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Parse the arguments; where there are none, the help is what the user needs."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(ExitStatus.FAILED)
        return super().parse_args(ctx, self.command_first(ctx, args) if args else args)

    def command_first(self, ctx: "Context", args: list[str]) -> list[str]:
        """Return the arguments with a command's name in front: the one that they name, or the default one's.

        An option of the group itself stands alone. Raises UsageError for what looks like a mistyped command.
        """
        places = self._positional_places(args)
        named = bool(places) and args[places[0]] in self._visible()
        searched = args[: places[0]] if named else args
        own = {name for param in self.get_params(ctx) for name in param.opts}
        for argument in searched[: searched.index(_END_OF_OPTIONS)] if _END_OF_OPTIONS in searched else searched:
            if argument in own:
                return [argument]
        if named:
            return [args[places[0]], *args[: places[0]], *args[places[0] + 1 :]]
        if len(places) > 1:
            self._look_for_typo(args[places[0]])
        return [DEFAULT, *args]

    def _visible(self) -> list[str]:
        return [name for name, command in self.commands.items() if not command.hidden]

    def _look_for_typo(self, word: str) -> None:
        if similar := get_close_matches(word, self._visible(), 1):
            raise UsageError(f"there is no command {printable_name(word)}: did you mean {similar[0]}?")

    def _positional_places(self, args: list[str]) -> list[int]:
        """Return where the arguments stand that are neither options nor their values."""
        valued = {name for param in self._default_options() if not param.is_flag for name in param.opts}
        places, is_value = [], False
        for place, argument in enumerate(args):
            if argument == _END_OF_OPTIONS:
                break
            if not is_value and (argument == "-" or not argument.startswith("-")):
                places.append(place)
            is_value = not is_value and argument in valued
        return places

    def _default_options(self) -> list[Any]:
        return [param for param in self.commands[DEFAULT].params if param.param_type_name == "option"]

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the command line, where ``--help`` and ``--version`` print."""
        with _enough_read():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: "Context") -> Any:
        """Run the command."""
        with _enough_read():
            return super().invoke(ctx)

    def format_usage(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write both forms of the command line."""
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
