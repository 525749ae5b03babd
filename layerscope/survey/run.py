"""A run of a survey: describe the images, read the layers that are not known, then write the rows of the images.

Each layer is read by one task, from the first image that has it; the tasks of images come after those of layers, whose
records they find in the folder of the data set. What documents say of an image is written as soon as it is described.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from itertools import pairwise, takewhile
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from layerscope.survey.executors import Result, Workers, done_batches
from layerscope.survey.images import Filters, find_images
from layerscope.survey.parts import PartWriter, Row, bare, known_keys, read_rows, settle, write_rows
from layerscope.survey.schema import CONTENT_TABLES, DESCRIBED_TABLES, LAYER_TABLES, Table
from layerscope.survey.store import Shard, Store
from layerscope.survey.tasks import (
    Depth,
    Described,
    Failure,
    ImageTask,
    Setup,
    SurveyedLayer,
    Wanted,
    describe,
    read_images,
    read_layers,
)

_BATCH_ITEMS, _BATCH_BYTES = 32, 64_000_000
"""The most images or layers in a batch, and the stored bytes of layers after which no other is added."""

_BATCHES_A_WORKER = 4
"""The least number of batches, so that all workers end at about the same time."""

_IMAGE_BATCHES_A_WORKER = 2
"""The same for images, of which larger batches share more work."""


class Stage(StrEnum):
    """The stages of a survey."""

    FIND = "finding images"
    DESCRIBE = "reading manifests"
    LAYERS = "reading layers"
    IMAGES = "writing images"


class Step(NamedTuple):
    """The progress of a stage: images or layers done, and their stored bytes where these count."""

    stage: Stage
    done: int
    total: int
    done_bytes: int = 0
    total_bytes: int = 0


class Question(NamedTuple):
    """The images and layers that a survey is asked for; ``instructions`` are names as COPY, none for all layers."""

    sources: Sequence[str]
    names: Path | None = None
    filters: Filters = Filters()
    platform: str | None = None
    instructions: Collection[str] = ()
    shard: Shard | None = None

    def takes_layer(self, layer: SurveyedLayer) -> bool:
        """Return whether a layer is to be read, by whichever shard."""
        return not self.instructions or layer.instruction.partition(" ")[0].upper() in self.instructions

    def shares(self, digest: str) -> bool:
        """Return whether a layer or an image is this shard's."""
        return self.shard is None or self.shard.has(digest)


def survey(question: Question, setup: Setup, workers: Workers, progress: Callable[[Step], None]) -> list[Failure]:
    """Survey the images whose rows the folder does not have, and return those that could not be read whole.

    Raises UsageError if the folder cannot be used, and LayerscopeError if a source or the workers fail.
    """
    store = Store(setup.folder)
    with store.only_writer(question.shard):
        if question.shard is None:
            _settle(store)
        images, failures = _described(question, setup, store, workers, progress)
        _write_images(store, question.shard, images, failures)
        if setup.depth is not Depth.MANIFESTS:
            layers = _layers_to_read(question, setup, store, images)
            failures += _read_layers(setup, workers, layers, progress)
        if setup.depth is Depth.LAYERS:
            failures += _read_images(setup, workers, list(_image_tasks(question, store, images)), progress)
        if question.shard is None:
            _settle(store)
        return _write_images(store, question.shard, images, failures)


def _settle(store: Store) -> None:
    for table in (*LAYER_TABLES, *DESCRIBED_TABLES, *CONTENT_TABLES):
        settle(store, table)


def _batches(items: Sequence[Wanted], workers: Workers) -> list[Sequence[Wanted]]:
    size = max(1, min(_BATCH_ITEMS, len(items) // (workers.at_once * _BATCHES_A_WORKER)))
    return [items[start : start + size] for start in range(0, len(items), size)]


def _described(
    question: Question, setup: Setup, store: Store, workers: Workers, progress: Callable[[Step], None]
) -> tuple[list[Described], list[Failure]]:
    def note(done: int, total: int | None) -> None:
        progress(Step(Stage.FIND, done, total or 0))

    wanted = find_images(question.sources, question.names, question.filters, question.platform, note)
    images, failures, done = list[Described](), list[Failure](), 0
    described_rows = _DescribedRows(store)
    for batch, found in _in_order(wanted, done_batches(workers, partial(describe, setup), _batches(wanted, workers))):
        failures += [each for each in found if isinstance(each, Failure)]
        taken = [each for each in found if isinstance(each, Described) and question.filters.take(each)]
        described_rows.add(each for each in taken if question.shares(each.image))
        # the rows of 100,000 images would take 1 GB
        images += [each._replace(rows={}) for each in taken]
        done += len(batch)
        progress(Step(Stage.DESCRIBE, done, len(wanted)))
    described_rows.flush()
    return images, failures


def _in_order(
    wanted: Sequence[Wanted], results: Iterable[tuple[Sequence[Wanted], Result]]
) -> Iterator[tuple[Sequence[Wanted], Result]]:
    """Yield results in the order of their images: the first of several references of an image gives its rows."""
    starts = {each.reference: number for number, each in enumerate(wanted)}
    waiting, following = dict[int, tuple[Sequence[Wanted], Result]](), 0
    for batch, result in results:
        waiting[starts[batch[0].reference]] = batch, result
        while following in waiting:
            ready = waiting.pop(following)
            following += len(ready[0])
            yield ready


class _DescribedRows:
    """Writes the rows that the documents of images have, unless the folder has them."""

    def __init__(self, store: Store) -> None:
        self._written = {table: known_keys(store, table) for table in DESCRIBED_TABLES}
        self._parts = {table: PartWriter(store, table) for table in DESCRIBED_TABLES}

    def add(self, images: Iterable[Described]) -> None:
        for each in images:
            for table, part in self._parts.items():
                if each.image not in self._written[table]:
                    self._written[table].add(each.image)
                    part.add_rows(each.image, each.image, each.rows[table])

    def flush(self) -> None:
        for part in self._parts.values():
            part.flush()


def _layers_to_read(
    question: Question, setup: Setup, store: Store, images: Iterable[Described]
) -> list[tuple[Wanted, SurveyedLayer]]:
    """Return the layers whose rows the folder lacks, each once, with an image that has it; those of an image follow."""
    known = known_keys(store, Table.LAYERS) & known_keys(store, Table.FILES)
    is_shallow = setup.depth is Depth.TABLES
    given = {bare(key) for key in known} if is_shallow else set(known)
    found = list[tuple[Wanted, SurveyedLayer]]()
    for image in images:
        for layer in image.layers:
            is_wanted = question.takes_layer(layer) and (layer.has_table or not is_shallow)
            if is_wanted and question.shares(layer.diff_id) and layer.diff_id not in given:
                given.add(layer.diff_id)
                found.append((image.wanted, layer))
    return found


def _read_layers(
    setup: Setup, workers: Workers, layers: Sequence[tuple[Wanted, SurveyedLayer]], progress: Callable[[Step], None]
) -> list[Failure]:
    total, failures, done, done_bytes = sum(layer.blob_size for _, layer in layers), list[Failure](), 0, 0
    progress(Step(Stage.LAYERS, 0, len(layers), 0, total))
    batches = list(_layer_batches(layers, total // (workers.at_once * _BATCHES_A_WORKER)))
    # the largest first, so that no worker is left alone with one at the end
    batches.sort(key=lambda batch: sum(layer.blob_size for _, layer in batch), reverse=True)
    for batch, failed in done_batches(workers, partial(_read_batch, setup), batches):
        failures += failed
        done += len(batch)
        done_bytes += sum(layer.blob_size for _, layer in batch)
        progress(Step(Stage.LAYERS, done, len(layers), done_bytes, total))
    return failures


def _layer_batches(
    layers: Iterable[tuple[Wanted, SurveyedLayer]], share: int
) -> Iterator[list[tuple[Wanted, SurveyedLayer]]]:
    batch, size = list[tuple[Wanted, SurveyedLayer]](), 0
    for each in layers:
        if batch and (len(batch) >= _BATCH_ITEMS or size + each[1].blob_size > min(share, _BATCH_BYTES)):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each[1].blob_size
    if batch:
        yield batch


def _read_batch(setup: Setup, batch: Sequence[tuple[Wanted, SurveyedLayer]]) -> list[Failure]:
    """Read layers, those of one image together."""
    by_image = dict[Wanted, list[int]]()
    for wanted, layer in batch:
        by_image.setdefault(wanted, []).append(layer.number)
    return read_layers(setup, list(by_image.items()))


def _image_tasks(question: Question, store: Store, images: Iterable[Described]) -> Iterator[ImageTask]:
    """Yield the images of which all layers are read, each once, with the tables that lack rows of them.

    Those with the same first layers come one after the other.
    """
    known = {table: known_keys(store, table) for table in CONTENT_TABLES}
    found = dict[str, tuple[list[str], Described, frozenset[Table]]]()
    for each in images:
        if each.image in found or not (question.shares(each.image) and all(map(question.takes_layer, each.layers))):
            continue
        missing = frozenset(table for table in CONTENT_TABLES if each.image not in known[table])
        found[each.image] = [layer.diff_id for layer in each.layers], each, missing
    ordered = sorted((each for each in found.values() if each[2]), key=itemgetter(0))
    shared = [_same_start(one, other) for (one, *_), (other, *_) in pairwise(ordered)]
    for (_, image, missing), before, after in zip(ordered, [0, *shared], [*shared, 0], strict=False):
        yield ImageTask(image.wanted, missing, max(before, after), is_first=not before)


def _same_start(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _read_images(
    setup: Setup, workers: Workers, tasks: Sequence[ImageTask], progress: Callable[[Step], None]
) -> list[Failure]:
    failures, done = list[Failure](), 0
    for batch, failed in done_batches(workers, partial(read_images, setup), list(_image_batches(tasks, workers))):
        failures += failed
        done += len(batch)
        progress(Step(Stage.IMAGES, done, len(tasks)))
    return failures


def _image_batches(tasks: Sequence[ImageTask], workers: Workers) -> Iterator[Sequence[ImageTask]]:
    """Yield images in batches, which begin with a base if that does not make them small: each puts its own together."""
    size, start = max(1, min(_BATCH_ITEMS, -(-len(tasks) // (workers.at_once * _IMAGE_BATCHES_A_WORKER)))), 0
    for end in range(1, len(tasks) + 1):
        is_new = end < len(tasks) and tasks[end].is_first
        if end == len(tasks) or end - start >= size or (is_new and 2 * (end - start) >= size):
            yield tasks[start:end]
            start = end


def _write_images(
    store: Store, shard: Shard | None, images: Sequence[Described], failures: Sequence[Failure]
) -> list[Failure]:
    """Write the rows of the images, with the sizes of the layers that are known, and return those with an error."""
    columns = "diff_id", "content_size", "error"
    known = {row["diff_id"]: row for row in read_rows(store, store.parts(Table.LAYERS), columns)}
    reasons = {failure.wanted: failure.reason for failure in failures}
    rows, errors = list[Row](), list[Failure]()
    for each in images:
        layers = [known.get(layer.diff_id, {}) for layer in each.layers]
        sizes = [size for layer in layers if isinstance(size := layer.get("content_size"), int)]
        broken = next((layer["error"] for layer in layers if layer.get("error")), None)
        error = reasons.pop(each.wanted, None) or broken
        content_size = sum(sizes) if len(sizes) == len(layers) else None
        rows.append({**each.row, "content_size": content_size, "error": error})
        errors += [Failure(each.wanted, str(error))] if error else []
    for wanted, reason in reasons.items():
        platform = wanted.request.platform
        rows.append({"image": None, "reference": wanted.reference, "platform": platform, "error": reason})
        errors.append(Failure(wanted, reason))
    if shard is None:
        _merge_images(store, "images", store.parts(Table.IMAGES), rows)
    else:
        name = f"images-{shard.number}-{shard.total}"
        own = [part for part in store.parts(Table.IMAGES) if part.endswith(f"/{name}.parquet")]
        _merge_images(store, name, own, [row for row in rows if shard.has(str(row["image"] or row["reference"]))])
    return errors


def _merge_images(store: Store, name: str, parts: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows of images, and those of some parts, as one part that replaces them.

    An earlier row stays, unless this run has found the same image again, or has tried a reference that failed before.
    """
    tried = {row["reference"] for row in rows}
    merged = {_image_key(row): row for row in read_rows(store, parts)}
    merged = {key: row for key, row in merged.items() if row["image"] is not None or row["reference"] not in tried}
    for row in rows:
        size = row.get("content_size")
        if size is None and row["error"] is None:
            # this run may be less deep than an earlier one
            size = merged.get(_image_key(row), {}).get("content_size")
        merged[_image_key(row)] = {**row, "content_size": size}
    written = write_rows(store, Table.IMAGES, name, list(merged.values()))
    for part in parts:
        if part != written:
            store.remove(part)


def _image_key(row: Row) -> tuple[object, ...]:
    return row["reference"], row["platform"], row["image"]
