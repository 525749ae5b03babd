"""The tasks of a survey: plain functions of arguments that a process here or on another machine can be given."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from typing import NamedTuple

import pyarrow as pa

from layerscope.cache.cache import Cache
from layerscope.errors import AmbiguousImage, LayerscopeError, ReadingStopped
from layerscope.model.columns import Buffer
from layerscope.model.content_facts import ContentFacts
from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Image, Layer
from layerscope.session.image_facts import base_of
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.open import each_image, open_without_keeping, receive, use_plain_http
from layerscope.session.reading.layer_reading import needs_of, read_apart
from layerscope.session.reading.wire import read_entries, read_facts, send_entries, send_facts
from layerscope.survey.content import NEEDS, Rows, SharedBase, path_text, read_content
from layerscope.survey.parts import CLAIMED, INCOMPLETE, PartWriter, Row
from layerscope.survey.schema import CONTENT_TABLES, LAYER_TABLES, Table
from layerscope.survey.store import Store
from layerscope.work import become_worker


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
    """An image as its documents describe it: its ``row`` of the table of images, ``rows`` of `DESCRIBED_TABLES`."""

    wanted: Wanted
    image: str
    row: Row
    rows: Rows
    layers: Sequence[SurveyedLayer]


class Failure(NamedTuple):
    """An image that could not be read, and why."""

    wanted: Wanted
    reason: str


class ImageTask(NamedTuple):
    """An image, and those of `CONTENT_TABLES` whose rows of it are to be written.

    Other images have its first ``shared`` layers, too; it ``is_first`` of those that share any.
    """

    wanted: Wanted
    tables: frozenset[Table]
    shared: int = 0
    is_first: bool = True


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
            _layer_key(layer),
            layer.blob_size or 0,
            image.step(layer.number).instruction or "",
            layer.table is not None,
        )
        for layer in image.layers
    ]
    rows = {Table.IMAGE_LAYERS: _layer_rows(image), Table.STEPS: _step_rows(image)}
    return Described(wanted, key, row, rows, layers)


def _layer_rows(image: Image) -> list[tuple[object, ...]]:
    rows = list[tuple[object, ...]]()
    for layer in image.layers:
        step = image.step(layer.number)
        digest = None if layer.digest is None else str(layer.digest)
        rows.append((layer.number, _layer_key(layer), digest, layer.blob_size, step.instruction, step.created_by))
    return rows


def _step_rows(image: Image) -> list[tuple[object, ...]]:
    return [(number, step.layer, step.instruction, _time(step.created)) for number, step in enumerate(image.steps, 1)]


def _layer_key(layer: Layer) -> str:
    return str(layer.diff_id or layer.digest)


def read_layers(setup: Setup, work: Sequence[tuple[Wanted, Sequence[int]]]) -> list[Failure]:
    """Write the rows of some layers of some images, and keep what is known of the layers for the tasks of images."""
    store, failures = Store(setup.folder), list[Failure]()
    parts = {table: PartWriter(store, table) for table in LAYER_TABLES}
    for wanted, numbers in work:
        try:
            with _opened(setup, wanted) as session:
                receive(session)
                for layer, entries in read_apart(session.layers, numbers, needs_of(NEEDS)):
                    _add_layer(layer, entries, store, parts)
        except ReadingStopped:
            raise
        except LayerscopeError as error:
            failures.append(Failure(wanted, str(error)))
    for part in parts.values():
        part.flush()
    return failures


def _add_layer(layer: Layer, entries: LayerEntries, store: Store, parts: dict[Table, PartWriter]) -> None:
    diff_id, is_claim = _layer_key(layer), layer.table is not None
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


def read_images(setup: Setup, tasks: Sequence[ImageTask]) -> list[Failure]:
    """Write the rows that depend on all layers of some images, which other tasks have read.

    Those that share a base come together.
    """
    store, failures = Store(setup.folder), list[Failure]()
    parts = {table: PartWriter(store, table) for table in CONTENT_TABLES}
    bases = _Bases(store)
    for task in tasks:
        try:
            with _opened(setup, task.wanted) as session:
                _add_image(session, task, bases, parts)
        except ReadingStopped:
            raise
        except LayerscopeError as error:
            failures.append(Failure(task.wanted, str(error)))
    for part in parts.values():
        part.flush()
    return failures


class _Bases:
    """What is known of layers that other tasks have read, and the last base that images share."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chain: tuple[str, ...] = ()
        self._base: SharedBase | None = None
        self._decoded = dict[str, tuple[LayerEntries, ContentFacts]]()

    def rows(self, session: ImageSession, shared: int) -> tuple[Rows, bool]:
        """Return the rows that depend on all layers, and whether they are complete; raises LayerscopeError."""
        chain = tuple(map(_layer_key, session.image.layers))
        if chain[:shared] != self._chain:
            self._chain, self._base, self._decoded = chain[:shared], None, {}
        self._take_records(session, chain, shared)
        if session.layers.unfetched:
            receive(session)
            self._take_records(session, chain, shared)
        if shared:
            self._base = self._base or SharedBase(read_content(session.layers, range(1, shared + 1)), shared)
            rows = self._base.rows_with(session.layers)
            if rows is not None:
                return rows, True
        content = read_content(session.layers, range(1, len(chain) + 1))
        return content.rows, content.whole

    def _take_records(self, session: ImageSession, chain: Sequence[str], shared: int) -> None:
        """Let the session know the layers that other tasks have read; it reads the others."""
        known = session.layers.known
        for number, (layer, diff_id) in enumerate(zip(session.image.layers, chain, strict=True)):
            decoded = self._decoded.get(diff_id) or _decoded(self._store.record(diff_id))
            if decoded is None:
                continue
            if number < shared:
                self._decoded[diff_id] = decoded
            known.take_entries(layer, decoded[0])
            known.take_facts(layer, decoded[1])


def _decoded(record: bytes | None) -> tuple[LayerEntries, ContentFacts] | None:
    file = BytesIO(record or b"")
    entries = read_entries(file)
    facts = read_facts(file)
    # those of a layer without files are empty
    return None if entries is None or facts is None else (entries, facts)


def _add_image(session: ImageSession, task: ImageTask, bases: _Bases, parts: dict[Table, PartWriter]) -> None:
    image = str(session.image.config_digest)
    rows, is_whole = bases.rows(session, task.shared)
    for table in task.tables:
        parts[table].add_rows(image if is_whole else INCOMPLETE + image, image, rows[table])


def _file_columns(diff_id: str, entries: LayerEntries) -> list[Iterable[object]]:
    """Return the columns of files, without an object for each number: these are most of the rows of a survey."""
    table, hidden = entries.table, [each.path for each in entries.whiteouts]
    hidden += [b"/".join(filter(None, (each.directory, b".wh..wh..opq"))) for each in entries.opaque_whiteouts]
    rows, more = len(table), len(hidden)
    words, sets = [*(kind.word for kind in Kind), "whiteout"], [*table.permission_sets, (None, None, None)]
    kinds = table.kinds + bytes([len(Kind)]) * more
    permissions = table.permissions + array("I", [len(table.permission_sets)]) * more
    links: list[str | None] = [None] * (rows + more)
    for row in table.link_rows:
        links[row] = _link(table.kinds[row], table.link(row))
    return [
        pa.repeat(diff_id, rows + more),
        [*map(path_text, entries.paths), *map(path_text, hidden)],
        pa.array(words).take(_numbers(pa.uint8(), kinds)),
        _numbers(pa.int64(), table.sizes + array("q", [0]) * more),
        *(
            pa.array([each[column] for each in sets], kind).take(_numbers(pa.uint32(), permissions))
            for column, kind in enumerate((pa.int32(), pa.int64(), pa.int64()))
        ),
        pa.concat_arrays([_numbers(pa.int64(), table.mtimes), pa.nulls(more, pa.int64())]),
        links,
    ]


def _numbers(kind: pa.DataType, column: Buffer) -> pa.Array:
    """Return a column as Arrow has it."""
    return pa.Array.from_buffers(kind, len(column), [None, pa.py_buffer(column)])


def _link(kind: int, target: bytes | None) -> str | None:
    if target is None:
        return None
    return path_text(target) if kind == Kind.HARDLINK else target.decode("utf-8", "backslashreplace")


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return time if time is None or time.tzinfo else None
