"""``layerscope tags``: list the tags of a repository in a registry."""

import sys
from typing import Annotated

import typer

from layerscope.cli.errors import ExitStatus
from layerscope.cli.opening import cache_unless, progress_title, say_left_out
from layerscope.cli.options import AsJson, DebugLog, NoCache, PlainHttp, RowLimit, WhichPlatform
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import narrate
from layerscope.debug_log import start_log
from layerscope.report.json_document import Limit
from layerscope.report.listings import write_tag_table, write_tags_document
from layerscope.session.summary import limit_words

EXAMPLES = """\b
Examples:
  layerscope tags registry://registry.example/web
  layerscope tags registry://debian '12*' --sizes   what pulling each costs
  layerscope tags registry://debian --json

Newer versions come last. Pull is the size of the layers that the previous
tag does not have. Status: 2 if a tag cannot be read."""

Repository = Annotated[
    str, typer.Argument(metavar="registry://HOST/NAME", help="A repository of a registry.", show_default=False)
]


def tags(  # noqa: PLR0917  # Typer reads the options from the signature
    repository: Repository,
    pattern: Annotated[
        str, typer.Argument(metavar="[FILTER]", help="Text, a glob or re:REGEX for tags.", show_default=False)
    ] = "",
    sizes: Annotated[
        bool, typer.Option("--sizes", help="Read what each tag has: created, size, layers, pull.")
    ] = False,
    platform: WhichPlatform = None,
    limit: RowLimit = None,
    as_json: AsJson = False,
    _plain_http: PlainHttp = False,
    no_cache: NoCache = False,
    debug: DebugLog = None,
) -> int:
    """List the tags of a repository in a registry, with what each costs."""
    start_log(debug)
    cache = cache_unless(no_cache=no_cache)
    # 100 ms: urllib3, and help needs none
    from layerscope.session.tags import list_tags  # noqa: PLC0415

    rows = Limit(limit)
    with ReadingProgress(progress_title(repository), counts=True) as progress:
        listing = list_tags(repository, pattern, progress, sizes=sizes, platform=platform, cache=cache, limit=rows)
    if as_json:
        write_tags_document(listing, sys.stdout, rows)
    else:
        write_tag_table(listing.tags, sys.stdout, sizes=sizes)
    say_left_out(rows)
    if listing.rate_limit is not None:
        narrate(limit_words(listing.rate_limit))
    return ExitStatus.ERROR if any(tag.is_broken for tag in listing.tags) else ExitStatus.SUCCESS
