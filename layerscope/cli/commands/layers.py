"""``layerscope layers``: list the steps and layers, with their sizes."""

from layerscope.cli.debug_log import start_log
from layerscope.cli.opening import opened, print_layers
from layerscope.cli.options import AsJson, DebugLog, NoCache, Reference, WhichEngine, WhichImage, WhichPlatform

EXAMPLES = """\b
Examples:
  layerscope layers my-app.tar
  layerscope layers my-app:v1 --json | jq '.layers[] | [.layer, .content_size]'"""


def layers(  # noqa: PLR0917  # Typer reads the options from the signature
    reference: Reference,
    image: WhichImage = None,
    platform: WhichPlatform = None,
    engine: WhichEngine = None,
    as_json: AsJson = False,
    no_cache: NoCache = False,
    debug: DebugLog = None,
) -> None:
    """List steps and layers: sizes, added (+), modified (~) and removed (-) paths, dead bytes, instruction."""
    start_log(debug)
    with opened(reference, image, platform, engine, no_cache=no_cache) as session:
        print_layers(session, as_json=as_json)
