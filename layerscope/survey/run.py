"""A run of a survey: which images to read, and who reads them."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from pathlib import Path

from layerscope.cache.cache import Cache
from layerscope.errors import LayerscopeError
from layerscope.model.progress import Progress
from layerscope.session.image_facts import layer_diff_ids
from layerscope.session.open import open_image
from layerscope.survey.parts import known_keys, only_writer, write_unreadable
from layerscope.survey.schema import Table
from layerscope.survey.tasks import (
    IMAGE_TABLES,
    LAYER_TABLES,
    Failure,
    ImageTask,
    image_key,
    start_worker,
    survey_images,
    unreadable_row,
)

_BATCH = 32


def references(sources: Sequence[str]) -> Iterator[str]:
    """Yield the images of the sources: the archives and layouts in a folder, and each reference that is none."""
    for source in sources:
        folder = Path(source)
        if not folder.is_dir() or _is_layout(folder):
            yield source
            continue
        for path in sorted(folder.iterdir()):
            if _is_layout(path) or (path.is_file() and {".tar", ".tgz"} & {*path.suffixes}):
                yield str(path)


def _is_layout(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("index.json", "manifest.json"))


def survey(
    sources: Sequence[str], folder: Path, progress: Progress, *, jobs: int, platform: str | None, uses_cache: bool
) -> list[Failure]:
    """Survey the images that the folder does not have, and return those that could not be read whole.

    Raises UsageError if the folder cannot be written, and LayerscopeError if a process was ended.
    """
    with only_writer(folder):
        images = list(dict.fromkeys(references(sources)))
        tasks = _plan(images, folder, platform, uses_cache=uses_cache)
        failures = _read(tasks, folder, progress, jobs, uses_cache=uses_cache)
        write_unreadable(folder, images, [unreadable_row(each) for each in failures if not each.has_rows])
        return failures


def _plan(images: Iterable[str], folder: Path, platform: str | None, *, uses_cache: bool) -> list[ImageTask]:
    """Return the tasks of the images with rows that the folder lacks; each row is written by one task."""
    known = {table: known_keys(folder, table) for table in Table}
    tasks = list[ImageTask]()
    for reference in images:
        wanted = _keys(reference, platform, uses_cache=uses_cache)
        own = {table: wanted.get(table, frozenset()) - known[table] for table in Table}
        for table, keys in own.items():
            known[table] |= keys
        if not wanted or any(own.values()):
            tasks.append(ImageTask(reference, platform, own))
    return tasks


def _read(
    tasks: Sequence[ImageTask], folder: Path, progress: Progress, jobs: int, *, uses_cache: bool
) -> list[Failure]:
    failures, done = list[Failure](), 0
    size = max(1, min(_BATCH, len(tasks) // jobs))
    with ProcessPoolExecutor(jobs, get_context("spawn"), start_worker) as pool:
        batches = [tasks[start : start + size] for start in range(0, len(tasks), size)]
        futures = {pool.submit(survey_images, str(folder), batch, uses_cache=uses_cache): batch for batch in batches}
        try:
            for future in as_completed(futures):
                failures += future.result()
                done += len(futures[future])
                progress(done, len(tasks))
        except BrokenProcessPool as error:
            raise LayerscopeError("a process that reads images was ended: the same command goes on") from error
        except BaseException:
            # after Ctrl+C, the end of the block would wait for all that is left to be read
            for process in active_children():
                process.terminate()
            raise
    return failures


def _keys(reference: str, platform: str | None, *, uses_cache: bool) -> dict[Table, frozenset[str]]:
    """Return the keys of the rows that an image has in each table, none if it cannot be read: its task says why."""
    try:
        with open_image(reference, platform=platform, cache=Cache() if uses_cache else None) as session:
            config, diff_ids = str(session.image.config_digest), frozenset(layer_diff_ids(session.image))
    except LayerscopeError:
        return {}
    return {
        Table.IMAGES: frozenset([image_key(reference, config)]),
        **dict.fromkeys(IMAGE_TABLES, frozenset([config])),
        **dict.fromkeys(LAYER_TABLES, diff_ids),
    }
