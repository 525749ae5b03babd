"""The console script, and ``python -m layerscope``."""

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
    sys.exit(status)


if __name__ == "__main__":
    main()
