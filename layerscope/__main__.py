"""The console script, and ``python -m layerscope``."""

# the module behind `signal`: it is built in, and the other one takes 1 ms to import
import _signal  # type: ignore[import-not-found]  # typeshed lacks it
import sys

# Until `run` handles Ctrl+C, it ends the process: Python would print a traceback. An ignored one stays ignored.
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        # everything is imported after the lines above
        from layerscope.cli.main import run  # noqa: PLC0415

        status = run(sys.argv[1:])
    except SystemExit as end:
        # a signal came while `run` took its handlers back
        status = end.code if isinstance(end.code, int) else 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            # a closed stream is None, and `run` has reported what it could not write
            continue
    from layerscope.signals import end_process  # noqa: PLC0415  # as above

    end_process(status)


if __name__ == "__main__":
    main()
