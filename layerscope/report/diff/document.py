"""The ``diff`` document: the differences between two layers or two images."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NotRequired, TextIO, TypedDict, cast

from layerscope.analysis.comparison.config_difference import ConfigChange, ConfigValue
from layerscope.analysis.comparison.diff import Diff
from layerscope.analysis.comparison.diff_tree import AFTER
from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.analysis.comparison.package_difference import PackageChange
from layerscope.comparison.compare import ImageComparison
from layerscope.comparison.filtered import ALL_CHANGES, BrokenLayers, FilteredComparison
from layerscope.report.json_document import SCHEMA_VERSION, write_json_rows
from layerscope.report.layers.document import ImagePart, image_part
from layerscope.report.tree.entry import EntryPart, entry_part
from layerscope.report.tree.selection import TreeSelection
from layerscope.session.loaded_image import LoadedImage
from layerscope.text import path_text

if TYPE_CHECKING:
    from layerscope.analysis.tree.layered_tree import LayeredTree


class BrokenLayerPart(TypedDict):
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


class ChangePart(TypedDict):
    """One path that differs; ``size_delta`` in content bytes; ``certain`` is false if it depends on unread layers."""

    path: str
    change: str
    what: list[str]
    before: EntryPart | None
    after: EntryPart | None
    size_delta: int
    certain: NotRequired[bool]


class SummaryPart(TypedDict):
    """All changes of the document together."""

    added: int
    modified: int
    removed: int
    size_delta: int


MovePart = TypedDict("MovePart", {"from": str, "to": str})
"""A file that moved to another path."""


class AlignedPart(TypedDict):
    """A layer of the old image (``old``), of the new one (``new``), or of both.

    ``same_content``: whether both hold the same except for times; null if unknown.
    """

    old: int | None
    new: int | None
    relation: str
    instruction: str
    same_content: bool | None


class ConfigChangePart(TypedDict):
    """A field of the config that differs; ``name`` is its key in a table such as the labels; null: not stated."""

    field: str
    name: str | None
    before: str | list[str] | None
    after: str | list[str] | None


class PackageChangePart(TypedDict):
    """A package that differs, with its versions on both sides."""

    manager: str
    name: str
    change: str
    before: list[str]
    after: list[str]


def write_diff_document(view: FilteredComparison, file: TextIO) -> None:
    """Write the document row by row; ``changes`` come last and sorted by path."""
    write_json_rows(diff_head(view), "changes", change_parts(view), file)


def diff_head(view: FilteredComparison) -> dict[str, object]:
    """Return the document without its changes."""
    before, after = view.sides
    head: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "from": _side_part(view.old, before, view.broken_layers[0], own=view.own),
        "to": _side_part(view.new, after, view.broken_layers[1], own=view.own),
        "summary": _summary_part(view.diff),
        "moves": [_move_part(move.before, move.after) for move in view.moves],
        "unread": [path_text(path) for path in view.unread],
    }
    incomplete = sorted({*view.broken_layers[0], *view.broken_layers[1]})
    if incomplete:
        head["incomplete"] = incomplete
    if view.images is not None:
        head |= {
            "pull_size": view.images.pull_size,
            "layers": [_aligned_part(step, view.images, view.broken_layers) for step in view.images.alignment.layers],
            "config": [_config_part(change) for change in view.images.config],
            "packages": [_package_part(change) for change in view.images.packages],
        }
    return head


def change_parts(view: FilteredComparison) -> Iterator[ChangePart]:
    """Yield the rows of the document."""
    tree = view.tree
    # A diff tree has all methods of a layered one that the selection calls.
    nodes = TreeSelection(AFTER, ALL_CHANGES).by_path(cast("LayeredTree", tree))
    for node, path in nodes:
        row = tree.rows_by_node[node]
        change = view.diff.change(row)
        part: ChangePart = {
            "path": path,
            "change": change.change.word,
            "what": list(change.what.words),
            "before": entry_part(change.before) if change.before else None,
            "after": entry_part(change.after) if change.after else None,
            "size_delta": change.size_delta,
        }
        if row in view.uncertain:
            part["certain"] = False
        yield part


def _side_part(loaded: LoadedImage, layer: int, broken: BrokenLayers, *, own: bool) -> SidePart:
    return {
        **image_part(loaded.image, loaded.tallies),
        "layer": layer,
        "own": own,
        "instruction": loaded.image.step(layer).instruction,
        "broken_layers": [{"layer": number, "error": error} for number, error in broken.items()],
    }


def _summary_part(diff: Diff) -> SummaryPart:
    added, modified, removed, size_delta = diff.summary
    return {"added": added, "modified": modified, "removed": removed, "size_delta": size_delta}


def _move_part(before: bytes, after: bytes) -> MovePart:
    return {"from": path_text(before), "to": path_text(after)}


def _aligned_part(step: AlignedStep, images: ImageComparison, broken: tuple[BrokenLayers, BrokenLayers]) -> AlignedPart:
    is_broken = step.old_layer in broken[0] or step.new_layer in broken[1]
    is_same = step.relation is Relation.SAME and not is_broken
    return {
        "old": step.old_layer,
        "new": step.new_layer,
        "relation": step.relation.value,
        "instruction": step.title,
        "same_content": True if is_same else images.rebuilt.get(step),
    }


def _config_part(change: ConfigChange) -> ConfigChangePart:
    return {
        "field": change.field,
        "name": change.name,
        "before": _value(change.before),
        "after": _value(change.after),
    }


def _value(value: ConfigValue | None) -> str | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


def _package_part(change: PackageChange) -> PackageChangePart:
    return {
        "manager": change.manager,
        "name": change.name,
        "change": change.change.word,
        "before": list(change.before),
        "after": list(change.after),
    }
