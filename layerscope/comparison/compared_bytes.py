"""Compares the bytes of files of one image, or of two: what is known to be the same is not read."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from layerscope.analysis.content import Digests
from layerscope.session.loaded_image import LoadedImage


class BytesOfBoth:
    """Compares files of two images, or of one with itself; ``shared`` gives layers that are the same, left and right.

    All digests that a question takes are computed in one pass over each layer, and remembered.
    """

    def __init__(self, old: LoadedImage, new: LoadedImage, shared: Mapping[int, int] | None = None) -> None:
        self._old = old
        self._new = new
        self._shared = shared or {}
        self._is_one = old.contents is new.contents
        self._sparse_sizes = old.contents.sparse_sizes | new.contents.sparse_sizes

    def same(self, pairs: Sequence[tuple[int, int]]) -> list[bool | None]:
        """Tell of each pair of files of one size if their bytes are equal; None where they cannot be read."""
        known = [self._is_same_place(*pair) for pair in pairs]
        asked = [pair for pair, is_known in zip(pairs, known, strict=True) if not is_known]
        digests, others = self.digests({one for one, _ in asked}, {other for _, other in asked})
        answers = _answers(asked, digests, others)
        return [True if is_known else next(answers) for is_known in known]

    def digests(self, old: Collection[int], new: Collection[int]) -> tuple[Digests, Digests]:
        """Return digests of files of the left side and of the right one; what cannot be read is missing."""
        if self._is_one:
            both = self._old.digests({*old, *new}, self._sparse_sizes)
            return both, both
        return self._old.digests(old, self._sparse_sizes), self._new.digests(new, self._sparse_sizes)

    def _is_same_place(self, one: int, other: int) -> bool:
        """Tell whether the two files are one and the same, or lie at one place of a layer that both images have."""
        if self._is_one:
            return one == other
        (layer, *place), (other_layer, *other_place) = self._old.position(one), self._new.position(other)
        return self._shared.get(layer) == other_layer and place == other_place


def _answers(pairs: Sequence[tuple[int, int]], digests: Digests, others: Digests) -> Iterator[bool | None]:
    for one, other in pairs:
        digest, other_digest = digests.get(one), others.get(other)
        yield None if digest is None or other_digest is None else digest == other_digest
