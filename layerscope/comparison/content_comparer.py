"""Equality of the bytes of files in one image or two; files that are known to be the same are not read."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from layerscope.analysis.content import Digests
from layerscope.session.loaded_image import LoadedImage


class ContentComparer:
    """A comparer of files of two images, or of one image with itself; ``shared`` maps layers that both have.

    All digests that a call needs are computed in one pass over each layer, and kept.
    """

    def __init__(self, old: LoadedImage, new: LoadedImage, shared: Callable[[], Mapping[int, int]] = dict) -> None:
        self._old = old
        self._new = new
        self._shared = shared
        self._is_one_image = old.contents is new.contents
        self._sparse_sizes = old.contents.sparse_sizes | new.contents.sparse_sizes

    def same(self, pairs: Sequence[tuple[int, int]]) -> list[bool | None]:
        """Return for each pair of files of equal size whether their bytes are equal; None if they cannot be read."""
        known = [self._is_same_file(*pair) for pair in pairs]
        unknown = [pair for pair, is_known in zip(pairs, known, strict=True) if not is_known]
        old_digests, new_digests = self.digests({old for old, _ in unknown}, {new for _, new in unknown})
        answers = _answers(unknown, old_digests, new_digests)
        return [True if is_known else next(answers) for is_known in known]

    def digests(self, old: Collection[int], new: Collection[int]) -> tuple[Digests, Digests]:
        """Return digests of files of the old image and of the new one, without those that cannot be read."""
        if self._is_one_image:
            both = self._old.contents.digests({*old, *new}, self._sparse_sizes)
            return both, both
        return self._old.contents.digests(old, self._sparse_sizes), self._new.contents.digests(new, self._sparse_sizes)

    def _is_same_file(self, old: int, new: int) -> bool:
        """Return whether both are the same file, or have the same position in a layer of both images."""
        if self._is_one_image:
            return old == new
        old_layer, *old_span = self._old.contents.position(old)
        new_layer, *new_span = self._new.contents.position(new)
        return self._shared().get(old_layer) == new_layer and old_span == new_span


def _answers(pairs: Sequence[tuple[int, int]], old_digests: Digests, new_digests: Digests) -> Iterator[bool | None]:
    for old, new in pairs:
        digest, new_digest = old_digests.get(old), new_digests.get(new)
        yield None if digest is None or new_digest is None else digest == new_digest
