"""``layerscope cache``: show what earlier runs have kept, and remove it."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from layerscope.cache.cache import Cache, CacheEntry
from layerscope.cli.opening import say_left_out, warn_of
from layerscope.cli.options import AsJson, DebugLog, RowLimit
from layerscope.debug_log import start_log
from layerscope.report.cache import (
    cached_images,
    write_cache_document,
    write_cache_summary,
    write_cache_table,
    write_removed_document,
)
from layerscope.report.json_document import Limit
from layerscope.text import human_size, plural, printable_name

EXAMPLES = """\b
Examples:
  layerscope cache           the folder and its size
  layerscope cache list      the images that records were kept for
  layerscope cache prune     remove what is of no use, or unused for 30 days
  layerscope cache clear     remove everything

LAYERSCOPE_CACHE_DIR names another folder; with --no-cache, a command that
opens an image reads everything again."""


class CacheAction(StrEnum):
    """An action on the cache."""

    SHOW = "show"
    LIST = "list"
    PRUNE = "prune"
    CLEAR = "clear"


What = Annotated[CacheAction, typer.Argument(metavar="[show|list|prune|clear]", help="What to do.", show_default=False)]


def cache(
    action: What = CacheAction.SHOW, limit: RowLimit = None, as_json: AsJson = False, debug: DebugLog = None
) -> None:
    """Show the cache, which makes the second look at an image quick, or remove records from it."""
    start_log(debug)
    found = Cache()
    if found.problem is not None:
        warn_of(printable_name(found.problem))
    match action:
        case CacheAction.SHOW | CacheAction.LIST:
            _show(found, Limit(limit), as_json=as_json, is_list=action is CacheAction.LIST)
        case CacheAction.PRUNE:
            _remove(found, [entry for entry in found.entries() if entry.is_stale], as_json=as_json)
        case CacheAction.CLEAR:
            _remove(found, found.entries(), as_json=as_json)


def _show(cache: Cache, limit: Limit, *, as_json: bool, is_list: bool) -> None:
    images = cached_images(cache.entries())
    if as_json:
        write_cache_document(cache, images, sys.stdout, limit)
    elif is_list:
        write_cache_table(limit(images), sys.stdout)
    else:
        write_cache_summary(cache, images, sys.stdout)
    say_left_out(limit)


def _remove(cache: Cache, entries: Sequence[CacheEntry], *, as_json: bool) -> None:
    cache.remove(entries)
    size = sum(entry.size for entry in entries)
    if as_json:
        write_removed_document(len(entries), size, sys.stdout)
    else:
        sys.stdout.write(f"removed {plural(len(entries), 'record')}, {human_size(size)}\n")
