"""The tasks of a survey: plain functions of arguments that another process can be given."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from layerscope.cache.cache import Cache
from layerscope.errors import LayerscopeError
from layerscope.model.entries import Kind, LayerEntries
from layerscope.model.image import Image
from layerscope.session.files.packages import packages_of
from layerscope.session.image_facts import base_of
from layerscope.session.image_session import ImageSession
from layerscope.session.open import open_image
from layerscope.session.reading.layer_reading import read_layers
from layerscope.session.size.report import size_report
from layerscope.survey.parts import PartWriter
from layerscope.survey.schema import Table
from layerscope.work import become_worker

IMAGE_TABLES = (Table.IMAGE_LAYERS, Table.STEPS, Table.PACKAGES, Table.DEAD, Table.SECRETS)
LAYER_TABLES = (Table.FILES, Table.LAYERS)


class ImageTask(NamedTuple):
    """An image to survey, and the keys whose rows this task writes, by table; nobody else writes them."""

    reference: str
    platform: str | None
    keys: Mapping[Table, frozenset[str]]


def image_key(reference: str, config: object = "") -> str:
    """Return the key of a row of ``images``; that of an image that could not be read has no config."""
    return f"{reference}\n{config}"


def survey_images(folder: str, tasks: Sequence[ImageTask], *, uses_cache: bool) -> list[tuple[str, str]]:
    """Write the rows of some images, and return the reference and the reason of each that could not be read."""
    become_worker()
    parts = {table: PartWriter(Path(folder), table) for table in Table}
    failed = list[tuple[str, str]]()
    for task in tasks:
        try:
            with open_image(task.reference, platform=task.platform, cache=Cache() if uses_cache else None) as session:
                error = _add_image(session, task, parts)
        except LayerscopeError as problem:
            error = str(problem)
            if image_key(task.reference) in task.keys[Table.IMAGES]:
                row: tuple[object, ...] = (None, task.reference, [], task.platform, None, None, None, None, [], error)
                parts[Table.IMAGES].add(image_key(task.reference), _columns([row]))
        if error is not None:
            failed.append((task.reference, error))
    for part in parts.values():
        part.flush()
    return failed


def _add_image(session: ImageSession, task: ImageTask, parts: Mapping[Table, PartWriter]) -> str | None:
    key = str(session.image.config_digest)
    errors = list[str]()
    for number, entries in read_layers(session.layers.to_read(), session.layers.known):
        layer = session.image.layers[number - 1]
        session.layers.known.take_entries(layer, entries)
        errors += [entries.error] if entries.error else []
        for table in LAYER_TABLES:
            if str(layer.diff_id) in task.keys[table] - set(parts[table].keys):
                parts[table].add(str(layer.diff_id), _LAYER_COLUMNS[table](str(layer.diff_id), entries))
    packages = packages_of(session, None)
    report = size_report(session.load())
    error = errors[0] if errors else None
    image = session.image
    found: dict[Table, Iterable[tuple[object, ...]]] = {
        Table.IMAGE_LAYERS: _layer_rows(key, image),
        Table.STEPS: [
            (key, number, step.layer, step.instruction, _time(step.created))
            for number, step in enumerate(image.steps, 1)
        ],
        Table.PACKAGES: [
            (key, layer, *each.package[:3], each.size)
            for each, layer in zip(packages.packages, packages.layers, strict=True)
        ],
        Table.DEAD: [
            (key, _text(each.path), each.size, each.writer, each.hidden_by, each.reason and each.reason.value)
            for each in report.dead.entries
        ],
        Table.SECRETS: [
            (key, _text(each.path), each.kind.value, each.layer, each.removed_in) for each in report.secrets
        ],
    }
    for table, rows in found.items():
        if key in task.keys[table]:
            parts[table].add(key, _columns(rows, len(parts[table].names)))
    base = base_of(image)
    labels = (image.config.config.labels if image.config.config else None) or {}
    row = (
        key, task.reference, list(image.tags), str(image.platform), _time(image.config.created),
        report.total_size, image.blob_size, base and base.name, list(labels.items()), error,
    )  # fmt: skip
    parts[Table.IMAGES].add(image_key(task.reference, key), _columns([row]))
    return error


def _layer_rows(key: str, image: Image) -> Iterator[tuple[object, ...]]:
    for layer in image.layers:
        step = image.step(layer.number)
        digest = None if layer.digest is None else str(layer.digest)
        yield key, layer.number, str(layer.diff_id), digest, layer.blob_size, step.instruction, step.created_by


def _file_columns(diff_id: str, entries: LayerEntries) -> list[Iterable[object]]:
    table, hidden = entries.table, [each.path for each in entries.whiteouts]
    hidden += [each.directory + b"/.wh..wh..opq" for each in entries.opaque_whiteouts]
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


def _size_columns(diff_id: str, entries: LayerEntries) -> list[Iterable[object]]:
    size = sum(entries.table.sizes) if entries.error is None else None
    return [[diff_id], [size], [len(entries.table)], [entries.error]]


_LAYER_COLUMNS = {Table.FILES: _file_columns, Table.LAYERS: _size_columns}


def _link(kind: int, target: bytes | None) -> str | None:
    if target is None:
        return None
    return _text(target) if kind == Kind.HARDLINK else target.decode("utf-8", "backslashreplace")


def _columns(rows: Iterable[tuple[object, ...]], count: int = 0) -> list[Sequence[object]]:
    return list(zip(*rows, strict=True)) or [()] * count


def _text(path: bytes) -> str:
    return "/" + path.decode("utf-8", "backslashreplace")


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return time if time is None or time.tzinfo else None
