"""The console script, and ``python -m layerscope``."""

import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its status."""
    # Everything is imported in here: where Ctrl+C comes during an import outside, Python prints a traceback.
    try:
        from layerscope.cli.main import run  # noqa: PLC0415

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        # `run` handles Ctrl+C; this one came before or after it
        status = _INTERRUPTED
    import signal  # noqa: PLC0415

    # the run is over; Ctrl+C would only print a traceback while the interpreter exits
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


if __name__ == "__main__":
    main()
