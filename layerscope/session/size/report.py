"""The size report: which layer made an image large, and what to change."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from layerscope.analysis.advice.advice import Advice, Evidence, Instructions
from layerscope.analysis.advice.rules import RULE_NEEDS, advise
from layerscope.analysis.advice.secrets import Secret, find_secrets
from layerscope.analysis.content import ContentNeed, ImageFiles, Prefixes, needed_of_image
from layerscope.analysis.size.base_image import BaseImage
from layerscope.analysis.size.dead import DeadBytes, dead_bytes, rewritten_pairs
from layerscope.analysis.size.duplicates import Duplicate, DuplicateCandidates, duplicate_candidates, find_duplicates
from layerscope.analysis.size.hidden import hidden_in_tree
from layerscope.analysis.size.layers_and_files import (
    BlobShares,
    LargeFile,
    LayerSize,
    blob_shares,
    largest_live,
    largest_written,
    layer_sizes,
)
from layerscope.analysis.size.live import LiveFiles, live_files
from layerscope.analysis.size.verdict import verdict
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.tally import Tallies
from layerscope.session.content.content_equality import compare
from layerscope.session.image_facts import base_of
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import human_size, plural

LARGEST = 100
"""The number of large files that the report names."""


class SizeReport(NamedTuple):
    """The size report. Sizes in bytes; a sum is None if a layer could not be read.

    ``layers`` are the largest first. ``largest`` are files of the final image, ``largest_written`` files of any layer.
    ``dead`` holds the dead files that were seen; ``blob_shares`` estimates the stored bytes of files. ``unknowns`` are
    sentences about what could not be determined. ``prefixes`` reads first bytes, and keeps those that the rules and the
    caller requested.
    """

    total_size: int | None
    blob_size: int | None
    efficiency: float | None
    layers: tuple[LayerSize, ...]
    largest: tuple[LargeFile, ...]
    largest_written: tuple[LargeFile, ...]
    dead: DeadBytes
    duplicates: tuple[Duplicate, ...]
    duplicates_complete: bool
    secrets: tuple[Secret, ...]
    advice: tuple[Advice, ...]
    base: BaseImage | None
    blob_shares: BlobShares
    live: LiveFiles
    prefixes: Prefixes
    unknowns: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """The cause of the size in one sentence."""
        return verdict(self.layers, self.dead if self.is_complete else None)

    @property
    def dead_size(self) -> int | None:
        """All dead bytes; None if a layer could not be read whole."""
        return self.dead.total if self.is_complete else None

    @property
    def dead_blob_size(self) -> int | None:
        """An estimate of the stored bytes of dead files."""
        return self.blob_shares.total(self.dead.by_writer) if self.is_complete else None

    @property
    def size_after_advice(self) -> int | None:
        """The content size of an image that follows all advice."""
        return None if self.total_size is None else self.total_size - sum(advice.saves for advice in self.advice)

    @property
    def is_complete(self) -> bool:
        """True if every layer was read whole, so that what the report does not show is not there."""
        return self.total_size is not None

    @property
    def is_clean(self) -> bool:
        """True if it is certain that the image has no secret and no waste of a known kind."""
        return self.is_complete and not self.secrets and not self.advice


class _Files(NamedTuple):
    """The files of an image, compared by content; ``prefixes`` reads more of them."""

    live: LiveFiles
    dead: DeadBytes
    candidates: DuplicateCandidates
    duplicates: tuple[Duplicate, ...]
    prefixes: Prefixes


def size_report(
    loaded: LoadedImage,
    base: BaseImage | None = None,
    *,
    live: LiveFiles | None = None,
    needs: Iterable[ContentNeed] = (),
) -> SizeReport:
    """Return the report of a loaded image.

    It reads the content of files of equal size, and the first bytes of files whose names suggest keys or core dumps.
    The first bytes that ``needs`` name are read in the same pass. ``base`` replaces the base image that the
    image states; ``live`` are the live files if they are known.
    """
    image, tree, tallies = loaded.image, loaded.tree, loaded.tallies
    base = base or base_of(image)
    instructions = {step.layer: step.instruction for step in image.steps if step.layer}
    live = live_files(tree) if live is None else live
    needed = needed_of_image((*RULE_NEEDS, *needs), ImageFiles(tree, live, instructions))
    files = _files(loaded, live, needed)
    blob_sizes = {layer.number: layer.blob_size for layer in image.layers}
    dead = None if tallies.dead is None else files.dead
    return SizeReport(
        total_size=tallies.content_size,
        blob_size=image.blob_size,
        efficiency=tallies.efficiency,
        layers=layer_sizes(blob_sizes, instructions, tallies.layers, dead),
        largest=largest_live(tree, files.live, LARGEST),
        largest_written=largest_written(tree, files.live, files.dead, LARGEST),
        dead=files.dead,
        duplicates=files.duplicates,
        duplicates_complete=not files.candidates.left_out,
        secrets=find_secrets(tree, files.prefixes),
        advice=advise(_evidence(tree, files, instructions, base)),
        base=base,
        blob_shares=blob_shares(blob_sizes, tallies.layers),
        live=files.live,
        prefixes=files.prefixes,
        unknowns=tuple(_unknowns(tallies, files)),
    )


def _files(loaded: LoadedImage, live: LiveFiles, needed: Mapping[int, int]) -> _Files:
    """Find the dead files and the duplicates, and read ``needed`` first bytes, in one pass over the content."""
    tree = loaded.tree
    hidden = hidden_in_tree(tree)
    candidates = duplicate_candidates(live.sizes)
    same_size = (live.occurrences[position] for group in candidates.groups for position in group)
    rewritten = (file for pair in rewritten_pairs(tree, hidden) for file in pair)
    digests = compare(loaded.contents.reader(), chain(rewritten, same_size), needed)
    dead = dead_bytes(tree, hidden, digests)
    duplicates = find_duplicates(live, candidates.groups, digests)
    return _Files(live, dead, candidates, duplicates, loaded.contents.prefixes)


def _evidence(tree: LayeredTree, files: _Files, instructions: Instructions, base: BaseImage | None) -> Evidence:
    total = sum(files.live.sizes) + files.dead.total
    base_layers = (base.layers if base else None) or 0
    return Evidence(tree, files.live, files.dead, files.duplicates, instructions, total, files.prefixes, base_layers)


def _unknowns(tallies: Tallies, files: _Files) -> Iterator[str]:
    """Yield a sentence for everything that could not be determined."""
    for number, tally in tallies.layers.items():
        if tally.error:
            yield f"layer {number} could not be read whole, so its size and all dead bytes are unknown: {tally.error}"
    unread = files.dead.by_reason.get(None)
    if unread:
        yield f"the reason for {human_size(unread)} of dead bytes is unknown: they cannot be read"
    left_out = files.candidates.left_out
    if left_out:
        size = human_size(files.candidates.left_out_size)
        yield f"{plural(left_out, 'file')} of equal size were not compared: as duplicates they might save {size}"
