"""One run of the command line: an error becomes a sentence, and the run ends with an exit status."""

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

from layerscope.cli.errors import error_lines, exit_status
from layerscope.cli.streams import give_up_errors, give_up_output, has_screen, narrate, prepare_streams
from layerscope.debug_log import note, stop_log
from layerscope.signals import EndingSignals, end_process
from layerscope.temporary import remove_own_folders

PROGRAM = "layerscope"

_FLAGS = ("--json", "--no-cache", "--full")


def run_and_end(arguments: Sequence[str]) -> NoReturn:
    """Run the command line, and end the process with its status."""
    try:
        status = run(arguments)
    except SystemExit as end:
        # a signal came while `run` took its handlers back
        status = end.code if isinstance(end.code, int) else 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            # a closed stream is None, and `run` has reported what it could not write
            continue
    end_process(status)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status."""
    # almost nothing that is allocated becomes garbage before the end
    gc.disable()
    prepare_streams()
    # a pipe that nobody reads would block the end
    with EndingSignals(give_up_output) as signals:
        try:
            status = _run(list(arguments))
            sys.stdout.flush()
        except SystemExit as end:
            signals.stop_raising()
            status = end.code if isinstance(end.code, int) else 0
        except BaseException as error:  # noqa: BLE001  # the one place that turns a crash into an exit status
            signals.stop_raising()
            status = _explain(error) if signals.status is None else 0
        finally:
            remove_own_folders()
            stop_log()
            gc.enable()
    return status if signals.status is None else signals.status


def _run(arguments: list[str]) -> int:
    """Run the command line.

    Typer takes a tenth of the time until the explorer appears, and a quarter of the time of a small image's list. So
    arguments that are only an image, ``layers`` before it and flags after it, are taken without it.
    """
    program = PROGRAM
    if arguments[:2] == ["docker-plugin", "run"]:
        # 5 ms, and only docker's runs need it
        from layerscope.cli import docker_plugin  # noqa: PLC0415

        docker_plugin.end_with_docker()
        program = docker_plugin.PROGRAM
        if arguments[2:3] and arguments[2] in docker_plugin.COMPLETION_REQUESTS:
            from layerscope.cli.completion import print_completions  # noqa: PLC0415

            return print_completions(arguments[4:])
        arguments = docker_plugin.arguments_of(arguments[2:])
    is_listing = arguments[:1] == ["layers"]
    reference, *flags = arguments[is_listing:] or [""]
    is_plain = _can_only_be_an_image(reference) and set(flags) <= set(_FLAGS)
    if not is_plain and (arguments or not has_screen()):
        from layerscope.cli.app import make_command_line  # noqa: PLC0415  # 100 ms: Typer

        status = make_command_line().main(arguments, program, standalone_mode=False)
        return status if isinstance(status, int) else 0
    from layerscope.cli.opening import show, show_start  # noqa: PLC0415  # 30 ms: help needs none

    if is_plain:
        as_json, no_cache, full = (flag in flags for flag in _FLAGS)
        show(reference, as_json=as_json, no_cache=no_cache, full=full, as_list=is_listing)
    else:
        show_start()
    return 0


def _can_only_be_an_image(word: str) -> bool:
    """Return whether a word can only be an image: no option and no command looks like ``my-app.tar``."""
    return not word.startswith("-") and any(sign in word for sign in "./:")


def _explain(error: BaseException) -> int:
    """Print the error, and return the exit status."""
    note("ended by an error", error)
    # bytes that cannot be written would fail again at the interpreter's exit, which has an exit status of its own
    try:
        sys.stdout.flush()
    except OSError:
        give_up_output()
    try:
        for line in error_lines(error):
            narrate(line)
    except OSError:
        give_up_errors()
    return exit_status(error)
