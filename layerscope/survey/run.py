"""A run of a survey: which images to read, and who reads them."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from layerscope.cache.cache import Cache
from layerscope.errors import LayerscopeError
from layerscope.model.progress import Progress
from layerscope.session.image_facts import layer_diff_ids
from layerscope.session.open import open_image
from layerscope.survey.parts import known_keys, only_writer
from layerscope.survey.schema import Table
from layerscope.survey.tasks import IMAGE_TABLES, LAYER_TABLES, ImageTask, image_key, survey_images

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
) -> list[tuple[str, str]]:
    """Survey the images that the folder does not have, and return those that could not be read, with the reasons."""
    with only_writer(folder):
        return _read(
            _plan(references(sources), folder, platform, uses_cache=uses_cache),
            folder,
            progress,
            jobs,
            uses_cache=uses_cache,
        )


def _plan(images: Iterable[str], folder: Path, platform: str | None, *, uses_cache: bool) -> list[ImageTask]:
    """Return the tasks of the images with rows that the folder lacks; each row is written by one task."""
    known = {table: known_keys(folder, table) for table in Table}
    tasks = list[ImageTask]()
    for reference in images:
        wanted = _keys(reference, platform, uses_cache=uses_cache)
        is_readable = Table.IMAGE_LAYERS in wanted
        own = {table: wanted.get(table, frozenset()) - known[table] for table in Table}
        for table, keys in own.items():
            known[table] |= keys
        if not is_readable or any(own.values()):
            own[Table.IMAGES] |= {image_key(reference)} - known[Table.IMAGES]
            tasks.append(ImageTask(reference, platform, own))
    return tasks


def _read(
    tasks: Sequence[ImageTask], folder: Path, progress: Progress, jobs: int, *, uses_cache: bool
) -> list[tuple[str, str]]:
    failed, done = list[tuple[str, str]](), 0
    size = max(1, min(_BATCH, len(tasks) // jobs))
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        batches = [tasks[start : start + size] for start in range(0, len(tasks), size)]
        futures = {pool.submit(survey_images, str(folder), batch, uses_cache=uses_cache): batch for batch in batches}
        for future in as_completed(futures):
            try:
                failed += future.result()
            except BrokenProcessPool as error:
                raise LayerscopeError("a process that reads images was ended: the same command goes on") from error
            done += len(futures[future])
            progress(done, len(tasks))
    return failed


def _keys(reference: str, platform: str | None, *, uses_cache: bool) -> dict[Table, frozenset[str]]:
    """Return the keys of the rows that an image has in each table."""
    try:
        with open_image(reference, platform=platform, cache=Cache() if uses_cache else None) as session:
            config, diff_ids = str(session.image.config_digest), frozenset(layer_diff_ids(session.image))
    except LayerscopeError:
        # the task says why
        return {Table.IMAGES: frozenset([image_key(reference)])}
    return {
        Table.IMAGES: frozenset([image_key(reference, config)]),
        **dict.fromkeys(IMAGE_TABLES, frozenset([config])),
        **dict.fromkeys(LAYER_TABLES, diff_ids),
    }
