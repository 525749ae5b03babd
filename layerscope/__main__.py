"""The console script, and ``python -m layerscope``."""

import signal
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from layerscope.cli.main import run  # noqa: PLC0415  # in here, Ctrl+C ends without a traceback

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        # `run` handles Ctrl+C; this one came before or after it
        status = _INTERRUPTED
    # the run is over; Ctrl+C would only print a traceback while the interpreter exits
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


if __name__ == "__main__":
    main()
