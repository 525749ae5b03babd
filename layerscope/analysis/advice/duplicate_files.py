"""The same bytes at several paths of the final image."""

from collections.abc import Iterator

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.text import human_size, plural


def duplicate_files(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each set of copies that weighs something, on the layer that made the last of their paths."""
    index = evidence.tree.index
    for duplicate in evidence.duplicates:
        if not evidence.matters(duplicate.saves):
            return
        text = (
            f"The same {human_size(duplicate.size)} stand at {plural(len(duplicate.nodes), 'path')}. Keep one, and make"
            " the others links to it in the instruction that writes them."
        )
        layer = max(index.layers[index.firsts[node]] for node in duplicate.nodes)
        yield evidence.advice(AdviceKind.DUPLICATES, layer, duplicate.saves, text, map(index.path, duplicate.nodes))
