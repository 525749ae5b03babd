"""``layerscope find``: list every layer that holds a path."""

import re
import sys
from enum import StrEnum
from itertools import chain
from typing import Annotated

import typer

from layerscope.analysis.search.found_paths import EntryTest, Wanted, find_paths, found_files
from layerscope.analysis.search.query import Query, parse_query
from layerscope.analysis.text.search import Search, parse_search
from layerscope.cli.errors import ExitStatus
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import note_tables, say_left_out, warn, warn_of
from layerscope.cli.options import AsJson, Full, RowLimit
from layerscope.cli.streams import narrate, output_may_be_cut
from layerscope.errors import UsageError
from layerscope.model.entries import Kind
from layerscope.report.find import Matches, write_find_document, write_find_lines
from layerscope.report.json_document import Limit
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import LoadedImage, layer_number
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope find my-app.tar id_rsa                who put it there, who hid it
  layerscope find my-app.tar '*.pem' '*.key'       names that match a glob
  layerscope find my-app.tar 're:/lib.*\\.so(\\.|$)'
  layerscope find my-app.tar --size +10M --only hidden
  layerscope find my-app.tar '*.conf' --content password
  layerscope find my-app.tar --mode setuid --json | jq '.matches[].path'

A pattern without a slash is searched in names, else in paths. Case counts if it
has a capital letter. Columns: change, permissions, owner, size, layer, whether
the final image shows it, path, instruction.

Status 0: found; 1: nothing matches; 2: nothing matches in what could be read."""

_MODES = {"setuid": 0o4000, "setgid": 0o2000, "sticky": 0o1000, "world-writable": 0o002}
_OCTAL = re.compile(r"(?P<how>[-/]?)(?P<bits>[0-7]{1,5})")
_OWNER = re.compile(r"(?P<uid>\d+)?(?::(?P<gid>\d+))?")


class Only(StrEnum):
    """The state of a path in the final image."""

    LIVE = "live"
    HIDDEN = "hidden"


Patterns = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATTERN]...", help="Text, a glob, or re: and an expression.", show_default=False),
]
Layer = Annotated[int | None, typer.Option("--layer", metavar="N", help="Only this layer, from 1 at the base.")]
Types = Annotated[
    str | None, typer.Option("--type", metavar="KINDS", help="Only these: file,dir,link,fifo,char,block.")
]
SizeLimit = Annotated[
    str | None, typer.Option("--size", metavar="SIZE", help="Only files of more than +10M, of less than -1k, of 512.")
]
Owner = Annotated[str | None, typer.Option("--owner", metavar="UID:GID", help="Only of this owner: 0, 0:42 or :42.")]
Mode = Annotated[
    str | None,
    typer.Option(
        "--mode",
        metavar="MODE",
        help="Only setuid, setgid, sticky, world-writable; or 644, -644 (all these bits), /222 (any).",
    ),
]
OnlyOption = Annotated[
    Only | None, typer.Option("--only", help="Only what the final image shows, or what a later layer hides.")
]

Content = Annotated[
    str | None,
    typer.Option("--content", metavar="TEXT", help="Only files with this text; re: and an expression, 0x and bytes."),
]
Binary = Annotated[bool, typer.Option("--binary", help="With --content, search also in files that are not text.")]


@image_command
def find(
    named: NamedImage,
    *,
    patterns: Patterns = None,
    layer: Layer = None,
    types: Types = None,
    size: SizeLimit = None,
    owner: Owner = None,
    mode: Mode = None,
    only: OnlyOption = None,
    content: Content = None,
    binary: Binary = False,
    full: Full = False,
    limit: RowLimit = None,
    as_json: AsJson = False,
) -> int:
    """List every layer that wrote, changed or removed a matching path, also of paths that are hidden or gone."""
    queries = [_query(pattern) for pattern in patterns or ()]
    given = ((types, _has_kind), (size, _has_size), (owner, _has_owner), (mode, _has_mode))
    tests = [make_test(text) for text, make_test in given if text is not None]
    if not (queries or tests or layer or only or content is not None):
        raise UsageError("name a pattern, or an option that says what to find (see layerscope find --help)")
    search = _search(content, binary=binary)
    with named.opened(from_tables=not full and search is None) as session:
        if layer is not None:
            layer_number(session.image, layer)
        loaded = session.load()
        wanted = Wanted(queries, tests, layer, None if only is None else only is Only.LIVE)
        unread = {number for number, tally in session.tallies.layers.items() if tally.error is not None}
        matches: Matches | None = None
        if search is not None:
            wanted, matches, unsearched = _with_content(loaded, wanted, search, binary=binary)
            unread |= unsearched
        if _write(session, loaded, wanted, matches, Limit(limit), as_json=as_json):
            return ExitStatus.SUCCESS
        if unread:
            raise UsageError("nothing matches in what could be read of the layers")
    narrate("nothing matches")
    return ExitStatus.FINDINGS


def _write(
    session: ImageSession, loaded: LoadedImage, wanted: Wanted, matches: Matches | None, limit: Limit, *, as_json: bool
) -> bool:
    """Write what is found, and return whether it is anything, which counts even if the reader closes the pipe."""
    found = find_paths(loaded.tree, wanted)
    first = next(found, None)
    rows = chain([] if first is None else [first], found)
    with output_may_be_cut():
        if as_json:
            write_find_document(session.image, rows, sys.stdout, matches, limit)
        else:
            write_find_lines(session.image, loaded.tree, limit(rows), sys.stdout, matches)
    say_left_out(limit)
    note_tables(session.image)
    warn(session.image, session.tallies)
    return first is not None


def _with_content(
    loaded: LoadedImage, wanted: Wanted, search: Search, *, binary: bool
) -> tuple[Wanted, Matches, frozenset[int]]:
    """Return what is wanted if the content of files is searched, the matches in them, and the layers not searched."""
    files = found_files(loaded.tree, wanted)
    # 10 ms, and few searches read files
    from layerscope.session.content.content_search import find_content  # noqa: PLC0415

    content = find_content(loaded, search, set(files.values()), binary=binary)
    for number in sorted(content.unread):
        warn_of(f"layer {number}: not every file could be searched")
    occurrences = {occurrence for occurrence, file in files.items() if file in content.packed}
    return Wanted(occurrences=occurrences), lambda each: content.matches(files[each.occurrence]), content.unread


def _search(content: str | None, *, binary: bool) -> Search | None:
    if content is None:
        if binary:
            raise UsageError("--binary goes with --content")
        return None
    search = parse_search(content)
    if search is None:
        raise UsageError(f"{content or 'an empty text'} cannot be searched for")
    return search


def _query(pattern: str) -> Query:
    query = parse_query(pattern)
    if query is None:
        raise UsageError(f"{pattern or 'an empty text'} is no pattern")
    return query


def _unusable(option: str, takes: str, given: str) -> UsageError:
    return UsageError(f"{option} takes {takes}, not {printable_name(given) or 'nothing'}")


def _has_kind(text: str) -> EntryTest:
    kinds = {kind.word: {kind} for kind in Kind} | {"link": {Kind.SYMLINK, Kind.HARDLINK}}
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in kinds:
            raise _unusable("--type", f"a comma list of {', '.join(kinds)}", word)
    wanted = frozenset[Kind]().union(*(kinds[word] for word in words))
    return lambda entry: entry.kind in wanted


def _has_size(text: str) -> EntryTest:
    from layerscope.policy.rules import parse_size  # noqa: PLC0415  # 6 ms, and few searches need it

    sign, number = (text[:1], text[1:]) if text[:1] in ("+", "-") else ("", text)
    try:
        limit = parse_size(number)
    except ValueError:
        raise _unusable("--size", "a size such as +10M, -1k or 512", text) from None
    if sign:
        factor = 1 if sign == "+" else -1
        return lambda entry: entry.kind is Kind.FILE and factor * entry.size > factor * limit
    return lambda entry: entry.kind is Kind.FILE and entry.size == limit


def _has_owner(text: str) -> EntryTest:
    match = _OWNER.fullmatch(text)
    if not text.strip(":") or match is None:
        raise _unusable("--owner", "numbers such as 0, 0:42 or :42", text)
    uid, gid = (None if part is None else int(part) for part in match.group("uid", "gid"))
    return lambda entry: uid in (None, entry.uid) and gid in (None, entry.gid)


def _has_mode(text: str) -> EntryTest:
    if text in _MODES:
        wanted = _MODES[text]
        # every symlink has all permissions, and none of them counts
        return lambda entry: bool(entry.mode & wanted) and entry.kind is not Kind.SYMLINK
    match = _OCTAL.fullmatch(text)
    if match is None:
        raise _unusable("--mode", f"{', '.join(_MODES)}, or octal bits such as 644, -4000 or /222", text)
    bits = int(match["bits"], 8)
    match match["how"]:
        case "-":
            return lambda entry: entry.mode & bits == bits
        case "/":
            return lambda entry: bool(entry.mode & bits) or not bits
        case _:
            return lambda entry: entry.mode == bits
