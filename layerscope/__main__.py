"""The console script, and ``python -m layerscope``."""

# the module behind `signal`: it is built in, and the other one takes 1 ms to import
import _signal  # type: ignore[import-not-found]  # typeshed lacks it
import sys

from layerscope import __version__

# Until `run` handles Ctrl+C, it ends the process: Python would print a traceback. An ignored one stays ignored.
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


_PLUGIN_METADATA = f"""{{
  "SchemaVersion": "0.1.0",
  "Vendor": "layerscope",
  "Version": "{__version__}",
  "ShortDescription": "Explore an image layer by layer"
}}
"""
"""The answer of the plug-in of the Docker CLI (cli/docker_plugin.py): docker --help asks each plug-in, and waits."""


def main() -> None:
    """Run the command line and exit with its status."""
    # everything is imported after the lines above
    if sys.argv[1:] == ["docker-plugin", "run", "docker-cli-plugin-metadata"]:
        sys.stdout.write(_PLUGIN_METADATA)
        return
    from layerscope.cli.main import run_and_end  # noqa: PLC0415

    run_and_end(sys.argv[1:])


if __name__ == "__main__":
    main()
