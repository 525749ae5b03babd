"""The console script, and ``python -m layerscope``."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from layerscope.cli.main import run  # noqa: PLC0415  # a worker process starts here too, and needs no command line

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
