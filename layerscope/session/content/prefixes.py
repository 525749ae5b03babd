"""The first bytes of many files, read in one pass."""

from collections.abc import Iterable, Mapping

from layerscope.session.loaded_image import LoadedImage


def read_prefixes(
    loaded: LoadedImage, occurrences: Iterable[int], size: int, *, known: Mapping[int, bytes] | None = None
) -> dict[int, bytes | None]:
    """Return the first ``size`` bytes of each file, all of a smaller one; None if they cannot be read.

    A hard link has the bytes of its target. ``known`` are bytes that were read before and are not read again.
    """
    known, tree = known or {}, loaded.tree
    files = {occurrence: tree.file_behind(occurrence) for occurrence in occurrences}
    wanted = loaded.contents.start_pass()
    wanted.want_prefixes(
        {
            file: size
            for file in files.values()
            if file >= 0 and len(known.get(file, b"")) < min(size, tree.own_size(file))
        }
    )
    by_file = {**known, **wanted.read().prefixes}
    prefixes = {occurrence: by_file.get(file) for occurrence, file in files.items()}
    return {occurrence: None if prefix is None else prefix[:size] for occurrence, prefix in prefixes.items()}
