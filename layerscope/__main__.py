"""The console script, and ``python -m layerscope``."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from layerscope.cli.main import run  # noqa: PLC0415  # in here, Ctrl+C ends without a traceback
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
