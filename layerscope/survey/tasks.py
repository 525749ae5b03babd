"""The tasks of a survey: plain functions of arguments that another process can be given."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from multiprocessing import parent_process
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
from layerscope.session.size.report import SizeReport, size_report
from layerscope.signals import end_process
from layerscope.survey.parts import PartWriter
from layerscope.survey.schema import Table
from layerscope.work import become_worker, start_thread

IMAGE_TABLES = (Table.IMAGE_LAYERS, Table.STEPS, Table.PACKAGES, Table.DEAD, Table.SECRETS)
LAYER_TABLES = (Table.FILES, Table.LAYERS)


class ImageTask(NamedTuple):
    """An image to survey, and the keys whose rows this task writes, by table; nobody else writes them."""

    reference: str
    platform: str | None
    keys: Mapping[Table, frozenset[str]]


class Failure(NamedTuple):
    """An image that could not be read, or not whole: then it has rows all the same."""

    reference: str
    platform: str | None
    reason: str
    has_rows: bool


def image_key(reference: str, config: str) -> str:
    """Return the key of a row of ``images``: a reference may lead to another image later."""
    return f"{reference}\n{config}"


def start_worker() -> None:
    """Let this process work for the one that started it, and end with it, in whatever way that ends."""
    become_worker()
    parent = parent_process()
    assert parent is not None  # noqa: S101  # the process of the survey has started this one

    def end_after_parent() -> None:
        parent.join()
        end_process(1)

    start_thread(end_after_parent)


def survey_images(folder: str, tasks: Sequence[ImageTask], *, uses_cache: bool) -> list[Failure]:
    """Write the rows of some images, and return those that could not be read whole."""
    parts = {table: PartWriter(Path(folder), table) for table in Table}
    failures = list[Failure]()
    for task in tasks:
        try:
            with open_image(task.reference, platform=task.platform, cache=Cache() if uses_cache else None) as session:
                reason = _add_image(session, task, parts)
        except LayerscopeError as error:
            failures.append(Failure(task.reference, task.platform, str(error), has_rows=False))
        else:
            failures += [Failure(task.reference, task.platform, reason, has_rows=True)] if reason else []
    for part in parts.values():
        part.flush()
    return failures


def _add_image(session: ImageSession, task: ImageTask, parts: Mapping[Table, PartWriter]) -> str | None:
    key, image, reason = str(session.image.config_digest), session.image, None
    for number, entries in read_layers(session.layers.to_read(), session.layers.known):
        layer, diff_id = image.layers[number - 1], str(image.layers[number - 1].diff_id)
        session.layers.known.take_entries(layer, entries)
        reason = reason or entries.error
        for table in LAYER_TABLES:
            if diff_id in task.keys[table] - set(parts[table].keys):
                parts[table].add(diff_id, _LAYER_COLUMNS[table](diff_id, entries))
    report = size_report(session.load())
    for table, rows in _image_rows(session, key, report).items():
        if key in task.keys[table]:
            parts[table].add(key, _columns(rows, len(parts[table].names)))
    if image_key(task.reference, key) in task.keys[Table.IMAGES]:
        row = _image_row(image, key, task.reference, report.total_size, reason)
        parts[Table.IMAGES].add(image_key(task.reference, key), _columns([row]))
    return reason


def _image_row(
    image: Image, key: str, reference: str, content_size: int | None, error: str | None
) -> tuple[object, ...]:
    base, config = base_of(image), image.config.config
    labels = list(((config and config.labels) or {}).items())
    created, platform = _time(image.config.created), str(image.platform)
    figures = content_size, image.blob_size
    return key, reference, list(image.tags), platform, created, *figures, base and base.name, labels, error


def unreadable_row(failure: Failure) -> tuple[object, ...]:
    """Return the row of ``images`` of an image that could not be read."""
    return None, failure.reference, [], failure.platform, None, None, None, None, [], failure.reason


def _image_rows(session: ImageSession, key: str, report: SizeReport) -> dict[Table, Iterable[tuple[object, ...]]]:
    image, packages = session.image, packages_of(session, None)
    return {
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


def _layer_rows(key: str, image: Image) -> Iterator[tuple[object, ...]]:
    for layer in image.layers:
        step = image.step(layer.number)
        digest = None if layer.digest is None else str(layer.digest)
        yield key, layer.number, str(layer.diff_id), digest, layer.blob_size, step.instruction, step.created_by


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
