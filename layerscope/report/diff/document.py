"""The ``diff`` document: the differences between two layers or two images."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO, cast

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import asdict

from layerscope.analysis.comparison.config_and_packages import ConfigValue, PackageChange
from layerscope.analysis.comparison.diff_tree import AFTER
from layerscope.analysis.comparison.digest_causes import Cause, DigestReport
from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.comparison.compare import ImageComparison
from layerscope.comparison.filtered import ALL_CHANGES, BrokenLayers, FilteredComparison
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.layers import ImagePart, image_part
from layerscope.report.tree import EntryPart, entry_part
from layerscope.report.tree_rows import TreeSelection
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import path_text

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree


class BrokenLayerPart(Struct):
    """A layer that could not be read whole, and the reason."""

    layer: int
    error: str


class SidePart(ImagePart):
    """One side: an image after a layer, or with ``own`` the entries of that layer alone.

    ``broken_layers`` are the layers of this side that could not be read whole.
    """

    layer: int
    own: bool
    instruction: str | None
    broken_layers: list[BrokenLayerPart]


class ChangePart(Struct):
    """One path that differs; ``size_delta`` in content bytes; ``certain`` is false if it depends on unread layers.

    A hard link whose file was removed or rewritten is a file with its bytes: it differs in its ``link``.
    """

    path: str
    change: str
    what: list[str]
    before: EntryPart | None
    after: EntryPart | None
    size_delta: int
    certain: bool | UnsetType = UNSET


class SummaryPart(Struct):
    """All changes of the document together."""

    added: int
    modified: int
    removed: int
    size_delta: int


class MovePart(Struct):
    """A file that moved to another path."""

    before: str = field(name="from")
    after: str = field(name="to")


class AlignedPart(Struct):
    """A layer of the old image, of the new one, or of both.

    ``same_content``: whether both hold the same except for times; null if unknown. It is false for the relation
    ``same`` if both have one diff_id but were read and differ: one of them does not match its digest.
    """

    old: int | None
    new: int | None
    relation: str
    instruction: str
    same_content: bool | None


class ConfigChangePart(Struct):
    """A field of the config that differs; ``name`` is its key in a table such as the labels; null: not stated."""

    field: str
    name: str | None
    before: str | list[str] | None
    after: str | list[str] | None


class PackageChangePart(Struct):
    """A package that differs, with its versions on both sides."""

    manager: str
    name: str
    change: str
    before: list[str]
    after: list[str]
    layer: int | None


class CausePart(Struct):
    """A cause of different digests: one kind in a pair of layers (old, new), or in a document of the image.

    ``made_by`` and ``remedy`` are null where the images differ in what they hold or do.
    """

    part: str
    layer: list[int | None] | None
    what: str
    entries: int
    examples: list[str]
    made_by: str | None
    remedy: str | None


class DigestsPart(Struct):
    """The causes of different digests: ``same``, ``explained`` by well-known causes alone, or ``different``."""

    result: str
    causes: list[CausePart]


class DiffDocument(Listing, kw_only=True):
    """The whole document; ``changes`` come last and sorted by path.

    ``unread`` are paths whose bytes could not be read on both sides, ``incomplete`` the layers that could not be read
    whole, on either side. Two layers of one image have no ``pull_size``, ``layers``, ``config`` and ``packages``.
    """

    before: SidePart = field(name="from")
    after: SidePart = field(name="to")
    summary: SummaryPart
    moves: list[MovePart]
    unread: list[str]
    incomplete: list[int] | UnsetType = UNSET
    pull_size: int | UnsetType | None = UNSET
    layers: list[AlignedPart] | UnsetType = UNSET
    config: list[ConfigChangePart] | UnsetType = UNSET
    packages: list[PackageChangePart] | UnsetType = UNSET
    digests: DigestsPart | UnsetType = UNSET
    changes: list[ChangePart]


def write_diff_document(
    view: FilteredComparison, file: TextIO, digests: DigestReport | None = None, limit: Limit = NO_LIMIT
) -> None:
    """Write the document row by row."""
    head = _head(view, limit)
    if digests is not None:
        head.digests = DigestsPart(digests.result, [_cause_part(cause) for cause in digests.causes])
    write_document(head, file, _changes(view, limit), limit)


def diff_document(view: FilteredComparison) -> DiffDocument:
    """Return the document."""
    document = _head(view)
    document.changes = list(_changes(view))
    return document


def _cause_part(cause: Cause) -> CausePart:
    known, layer = cause.explanation, None if cause.layer is None else list(cause.layer)
    made_by, remedy = (known.made_by, known.remedy) if known else (None, None)
    return CausePart(cause.part, layer, cause.what, cause.entries, list(cause.examples), made_by, remedy)


def _head(view: FilteredComparison, limit: Limit = NO_LIMIT) -> DiffDocument:
    """Return the document without its changes."""
    before, after = view.sides
    head = DiffDocument(
        before=_side_part(view.old, before, view.broken_layers[0], own=view.own),
        after=_side_part(view.new, after, view.broken_layers[1], own=view.own),
        summary=SummaryPart(*view.diff.summary),
        moves=[MovePart(path_text(move.before), path_text(move.after)) for move in limit(view.moves)],
        unread=[path_text(path) for path in limit(view.unread)],
        incomplete=sorted({*view.broken_layers[0], *view.broken_layers[1]}) or UNSET,
        changes=[],
    )
    if view.images is not None:
        head.pull_size = view.images.pull_size
        head.layers = [_aligned_part(step, view.images, view.broken_layers) for step in view.images.alignment.layers]
        head.config = [
            ConfigChangePart(each.field, each.name, _value(each.before), _value(each.after))
            for each in limit(view.images.config)
        ]
        head.packages = [_package_part(change) for change in limit(view.images.packages)]
    return head


def _changes(view: FilteredComparison, limit: Limit = NO_LIMIT) -> Iterator[ChangePart]:
    tree = view.tree
    # A diff tree has all methods of a layered one that the selection calls.
    nodes = TreeSelection(AFTER, ALL_CHANGES).by_path(cast("LayeredTree", tree))
    for node, path in limit(nodes):
        row = tree.rows_by_node[node]
        change = view.diff.change(row)
        before, after = (entry_part(entry) if entry else None for entry in (change.before, change.after))
        part = ChangePart(path, change.change.word, list(change.what.words), before, after, change.size_delta)
        if row in view.uncertain:
            part.certain = False
        yield part


def _side_part(loaded: LoadedImage, layer: int, broken: BrokenLayers, *, own: bool) -> SidePart:
    image, instruction = image_part(loaded.image, loaded.tallies), loaded.image.step(layer).instruction
    broken_layers = [BrokenLayerPart(number, error) for number, error in broken.items()]
    return SidePart(**asdict(image), layer=layer, own=own, instruction=instruction, broken_layers=broken_layers)


def _aligned_part(step: AlignedStep, images: ImageComparison, broken: tuple[BrokenLayers, BrokenLayers]) -> AlignedPart:
    is_broken = step.old_layer in broken[0] or step.new_layer in broken[1]
    is_same = step.relation is Relation.SAME and not is_broken
    same_content = images.rebuilt.get(step, True if is_same else None)
    return AlignedPart(step.old_layer, step.new_layer, step.relation.value, step.title, same_content)


def _value(value: ConfigValue | None) -> str | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


def _package_part(change: PackageChange) -> PackageChangePart:
    versions = list(change.before), list(change.after)
    return PackageChangePart(change.manager, change.name, change.change.word, *versions, change.layer)
