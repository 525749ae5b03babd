"""The tasks of a survey: plain functions of arguments that a process here or on another machine can be given."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from itertools import chain
from typing import NamedTuple

from layerscope.analysis.advice.secrets import SECRETS, find_secrets
from layerscope.analysis.content import ImageFiles, needed_of_image
from layerscope.analysis.packages.final_files import FinalFiles
from layerscope.analysis.packages.sizes import PACKAGES, package_sizes
from layerscope.analysis.size.dead import dead_bytes, rewritten_pairs
from layerscope.analysis.size.hidden import hidden_in_tree
from layerscope.analysis.size.live import live_files
from layerscope.cache.cache import Cache
from layerscope.errors import AmbiguousImage, LayerscopeError, ReadingStopped
from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Image
from layerscope.session.content.content_equality import compare
from layerscope.session.files.packages import packages_by_layer
from layerscope.session.image_facts import base_of
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.loaded_image import LoadedImage, loaded_image
from layerscope.session.open import each_image, open_without_keeping, receive, use_plain_http
from layerscope.session.reading.layer_reading import needs_of, read_whole, stacked
from layerscope.session.reading.wire import read_entries, read_facts, send_entries, send_facts
from layerscope.survey.parts import CLAIMED, INCOMPLETE, PartWriter, Row
from layerscope.survey.schema import IMAGE_TABLES, LAYER_TABLES, Table
from layerscope.survey.store import Store
from layerscope.work import become_worker

_NEEDS = (PACKAGES, SECRETS)

Rows = Iterable[tuple[object, ...]]


class Depth(StrEnum):
    """The depths of a survey: what manifests say, what tables of contents say, what layers hold."""

    MANIFESTS = "manifests"
    TABLES = "tables"
    LAYERS = "layers"


class Setup(NamedTuple):
    """The settings that all tasks of a survey share; ``folder`` is that of the data set."""

    folder: str
    depth: Depth
    uses_cache: bool = True
    plain_http: bool = False


class Wanted(NamedTuple):
    """An image to survey: the reference as the tables have it, and the request that opens it from any folder."""

    reference: str
    request: ImageRequest


class SurveyedLayer(NamedTuple):
    """A layer as a manifest describes it; ``diff_id`` is its digest if it states none."""

    number: int
    diff_id: str
    blob_size: int
    instruction: str
    has_table: bool


class Described(NamedTuple):
    """An image as its documents describe it, with its ``row`` of the table of images."""

    wanted: Wanted
    image: str
    row: Row
    layers: Sequence[SurveyedLayer]


class Failure(NamedTuple):
    """An image that could not be read, and why."""

    wanted: Wanted
    reason: str


class ImageTask(NamedTuple):
    """An image, and the tables whose rows of it are to be written."""

    wanted: Wanted
    tables: frozenset[Table]


@contextmanager
def _opened(setup: Setup, wanted: Wanted) -> Iterator[ImageSession]:
    become_worker()
    if setup.plain_http:
        use_plain_http()
    request = wanted.request._replace(from_tables=setup.depth is Depth.TABLES)
    with open_without_keeping(request, Cache() if setup.uses_cache else None) as session:
        yield session


def describe(setup: Setup, images: Sequence[Wanted]) -> list[Described | Failure]:
    """Return images as their documents describe them, all of a source that has several."""
    found = list[Described | Failure]()
    for wanted in images:
        try:
            with _opened(setup, wanted) as session:
                found.append(_described(wanted, session.image))
        except AmbiguousImage as error:
            others = each_image(wanted.request) if wanted.request.image is None else []
            found += describe(setup, [Wanted(wanted.reference, each) for each in others])
            found += [] if others else [Failure(wanted, str(error))]
        except ReadingStopped:
            raise
        except LayerscopeError as error:
            found.append(Failure(wanted, str(error)))
    return found


def _described(wanted: Wanted, image: Image) -> Described:
    base, config, key = base_of(image), image.config.config, str(image.config_digest)
    row = {
        "image": key,
        "reference": wanted.reference,
        "tags": list(image.tags),
        "platform": str(image.platform),
        "created": _time(image.config.created),
        "blob_size": image.blob_size,
        "base": base and base.name,
        "labels": list(((config and config.labels) or {}).items()),
    }
    layers = [
        SurveyedLayer(
            layer.number,
            _layer_key(image, layer.number),
            layer.blob_size or 0,
            image.step(layer.number).instruction or "",
            layer.table is not None,
        )
        for layer in image.layers
    ]
    return Described(wanted, key, row, layers)


def _layer_key(image: Image, number: int) -> str:
    layer = image.layers[number - 1]
    return str(layer.diff_id or layer.digest)


def read_layers(setup: Setup, work: Sequence[tuple[Wanted, Sequence[int]]]) -> list[Failure]:
    """Write the rows of some layers of some images, and keep what is known of the layers for the tasks of images."""
    store, failures = Store(setup.folder), list[Failure]()
    parts = {table: PartWriter(store, table) for table in LAYER_TABLES}
    for wanted, numbers in work:
        try:
            with _opened(setup, wanted) as session:
                receive(session)
                for number in numbers:
                    _read_layer(session, number, store, parts)
        except ReadingStopped:
            raise
        except LayerscopeError as error:
            failures.append(Failure(wanted, str(error)))
    for part in parts.values():
        part.flush()
    return failures


def _read_layer(session: ImageSession, number: int, store: Store, parts: dict[Table, PartWriter]) -> None:
    layer, diff_id = session.image.layers[number - 1], _layer_key(session.image, number)
    try:
        layer = session.layers.listable(layer)
        entries = read_whole(layer, session.layers.is_stopped, needs=needs_of(_NEEDS))
    except ReadingStopped:
        raise
    except LayerscopeError as error:
        entries = LayerEntries(error=str(error))
    is_claim = layer.table is not None
    if not (entries.error or is_claim):
        store.keep_record(diff_id, _record(entries))
    key = (INCOMPLETE if entries.error else CLAIMED if is_claim else "") + diff_id
    parts[Table.FILES].add(key, _file_columns(diff_id, entries))
    size = None if entries.error else sum(entries.table.sizes)
    parts[Table.LAYERS].add(key, [[diff_id], [size], [len(entries.table)], [entries.error]])


def _record(entries: LayerEntries) -> bytes:
    file = BytesIO()
    send_entries(file, 1, entries)
    send_facts(file, entries.content)
    return file.getvalue()


def _take_records(session: ImageSession, store: Store) -> None:
    """Let the session know the layers that other tasks have read; it reads the others."""
    known = session.layers.known
    for layer in session.image.layers:
        record = store.record(_layer_key(session.image, layer.number))
        file = BytesIO(record or b"")
        entries = read_entries(file)
        facts = read_facts(file)
        # those of a layer without files are empty
        if entries is not None and facts is not None:
            known.take_entries(layer, entries)
            known.take_facts(layer, facts)


def read_images(setup: Setup, tasks: Sequence[ImageTask]) -> list[Failure]:
    """Write the rows of some images, whose layers other tasks have read."""
    store, failures = Store(setup.folder), list[Failure]()
    parts = {table: PartWriter(store, table) for table in IMAGE_TABLES}
    for task in tasks:
        try:
            with _opened(setup, task.wanted) as session:
                _add_image(session, task, store, parts)
        except ReadingStopped:
            raise
        except LayerscopeError as error:
            failures.append(Failure(task.wanted, str(error)))
    for part in parts.values():
        part.flush()
    return failures


def _add_image(session: ImageSession, task: ImageTask, store: Store, parts: dict[Table, PartWriter]) -> None:
    key = str(session.image.config_digest)
    rows = {Table.IMAGE_LAYERS: _layer_rows(key, session.image), Table.STEPS: _step_rows(key, session.image)}
    prefix = ""
    if task.tables - set(rows):
        _take_records(session, store)
        if session.layers.unfetched:
            receive(session)
        stack = stacked(session.layers, needs_of(_NEEDS))
        loaded = loaded_image(session.layers, stack.tree(), stack.tallies())
        prefix = "" if loaded.tallies.dead is not None else INCOMPLETE
        rows |= _content_rows(key, loaded)
    for table in task.tables:
        own = prefix if table not in (Table.IMAGE_LAYERS, Table.STEPS) else ""
        parts[table].add(own + key, list(zip(*rows[table], strict=True)) or [()] * parts[table].width)


def _layer_rows(key: str, image: Image) -> Rows:
    for layer in image.layers:
        step = image.step(layer.number)
        digest = None if layer.digest is None else str(layer.digest)
        diff_id = _layer_key(image, layer.number)
        yield key, layer.number, diff_id, digest, layer.blob_size, step.instruction, step.created_by


def _step_rows(key: str, image: Image) -> Rows:
    for number, step in enumerate(image.steps, 1):
        yield key, number, step.layer, step.instruction, _time(step.created)


def _content_rows(key: str, loaded: LoadedImage) -> dict[Table, Rows]:
    """Return the packages, dead files and secrets of an image, from one pass over what is not known of its content."""
    tree, last, prefixes = loaded.tree, len(loaded.image.layers), loaded.contents.prefixes
    live, hidden = live_files(tree), hidden_in_tree(tree)
    needed = needed_of_image(_NEEDS, ImageFiles(tree, live, {}))
    pairs = chain.from_iterable(rewritten_pairs(tree, hidden))
    dead = dead_bytes(tree, hidden, compare(loaded.contents.reader(), pairs, needed))
    sizes = package_sizes(FinalFiles(tree, live, prefixes, last))
    packages = packages_by_layer(loaded, sizes, last, None)
    return {
        Table.PACKAGES: [
            (key, layer, *each.package[:3], each.size)
            for each, layer in zip(packages.packages, packages.layers, strict=True)
        ],
        Table.DEAD: [
            (key, _text(each.path), each.size, each.writer, each.hidden_by, each.reason and each.reason.value)
            for each in dead.entries
        ],
        Table.SECRETS: [
            (key, _text(each.path), each.kind.value, each.layer, each.removed_in)
            for each in find_secrets(tree, prefixes)
        ],
    }


def _file_columns(diff_id: str, entries: LayerEntries) -> list[Iterable[object]]:
    table, hidden = entries.table, [each.path for each in entries.whiteouts]
    hidden += [b"/".join(filter(None, (each.directory, b".wh..wh..opq"))) for each in entries.opaque_whiteouts]
    rows, more = len(table), len(hidden)
    permissions = [table.permission_sets[number] for number in table.permissions]
    links: list[str | None] = [None] * (rows + more)
    for row in table.link_rows:
        links[row] = _link(table.kinds[row], table.link(row))
    words = [kind.word for kind in Kind]
    none: list[int | None] = [None] * more
    return [
        [diff_id] * (rows + more),
        [*map(_text, entries.paths), *map(_text, hidden)],
        [*map(words.__getitem__, table.kinds), *["whiteout"] * more],
        [*table.sizes, *[0] * more],
        *([*(each[column] for each in permissions), *none] for column in range(3)),
        [*table.mtimes, *none],
        links,
    ]


def _link(kind: int, target: bytes | None) -> str | None:
    if target is None:
        return None
    return _text(target) if kind == Kind.HARDLINK else target.decode("utf-8", "backslashreplace")


def _text(path: bytes) -> str:
    return "/" + path.decode("utf-8", "backslashreplace")


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return time if time is None or time.tzinfo else None
