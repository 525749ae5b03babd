"""The ``why`` document: which layer made the image large, what is dead and why, and what to change."""

from typing import TypedDict

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.packages.sizes import PackageSize
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.layers_and_files import LargeFile, LayerSize
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.report.json_document import SCHEMA_VERSION
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.report import SizeReport
from layerscope.text import path_text

LARGEST_FOLDERS = 100
"""So many of the heaviest folders are named."""

UNKNOWN_REASON = "unknown"
"""What stands for the reason of files whose bytes cannot be read, in sums; in a row it is null."""


class LayerSizePart(TypedDict):
    """One layer; ``killed_size`` are bytes of lower layers that it hid."""

    layer: int
    instruction: str | None
    content_size: int | None
    blob_size: int | None
    share: float | None
    dead_size: int | None
    killed_size: int | None


class FilePart(TypedDict):
    """One of the biggest files of the final image."""

    path: str
    size: int
    layer: int


class WrittenFilePart(FilePart):
    """One of the biggest files of any layer; ``hidden_by`` is the layer that hid it, if it is dead."""

    killer: int | None


class DeadPart(TypedDict):
    """A dead file; ``reason`` is null where bytes that would tell it cannot be read."""

    path: str
    size: int
    writer: int
    killer: int
    reason: str | None


class DeadSumPart(TypedDict):
    """All dead bytes; the sums are null where a layer could not be read, and the entries then what could be seen."""

    total: int | None
    blob_size_estimate: int | None
    by_reason: dict[str, int] | None
    entries: list[DeadPart]


class DuplicatePart(TypedDict):
    """The same bytes at several paths; ``saves`` is what all but one cost."""

    size: int
    paths: list[str]
    layers: list[int]
    saves: int


class AdvicePart(TypedDict):
    """What to change: the instruction that wrote the bytes, and the one that hid them, if any."""

    layer: int
    instruction: str | None
    saves: int
    text: str
    kind: str
    paths: list[str]
    killer: int | None
    killer_instruction: str | None
    blob_saves_estimate: int | None


class TypePart(TypedDict):
    """What the files of one type weigh together in the final image."""

    type: str
    size: int
    files: int


class PackagePart(TypedDict):
    """What the files of one package weigh together in the final image; each file counts for one package."""

    manager: str
    name: str
    version: str
    size: int
    files: int


class FolderPart(TypedDict):
    """What lies below a folder: live bytes in so many files, and dead ones beside them."""

    path: str
    size: int
    dead_size: int
    files: int


class BasePart(TypedDict):
    """The base image, as far as it is known; ``layers`` is how many of the lowest ones are its own."""

    name: str | None
    digest: str | None
    layers: int | None
    content_size: int | None
    blob_size: int | None


class WhyDocument(TypedDict):
    """The whole document; names that end in ``_estimate`` are estimates, all other sizes are exact."""

    schema_version: int
    total_size: int | None
    blob_size: int | None
    verdict: str
    efficiency: float | None
    layers: list[LayerSizePart]
    largest: list[FilePart]
    largest_written: list[WrittenFilePart]
    dead: DeadSumPart
    duplicates: list[DuplicatePart]
    duplicates_complete: bool
    advice: list[AdvicePart]
    by_type: list[TypePart]
    by_package: list[PackagePart]
    unowned_size: int
    directories: list[FolderPart]
    base: BasePart | None
    unknowns: list[str]


def why_document(analysis: SizeAnalysis) -> WhyDocument:
    """Return the document; it reads what it has to of the image."""
    why, paths = analysis.report, NodePaths(analysis.tree.index)
    return {
        "schema_version": SCHEMA_VERSION,
        "total_size": why.total_size,
        "blob_size": why.blob_size,
        "verdict": why.verdict,
        "efficiency": why.efficiency,
        "layers": [_layer_size_part(layer_size) for layer_size in why.layers],
        "largest": [_file_part(one) for one in why.largest],
        "largest_written": [{**_file_part(one), "killer": one.hidden_by} for one in why.largest_written],
        "dead": _dead_sum_part(why),
        "duplicates": [_duplicate_part(each, paths) for each in why.duplicates],
        "duplicates_complete": why.duplicates_complete,
        "advice": [_advice_part(each, why) for each in why.advice],
        "by_type": [{"type": each.type.value, "size": each.size, "files": each.files} for each in analysis.types.sizes],
        "by_package": [_package_part(each) for each in analysis.packages.packages],
        "unowned_size": analysis.packages.unowned,
        "directories": _folder_parts(analysis, paths),
        "base": base_part(why),
        "unknowns": list(why.unknowns),
    }


def _layer_size_part(layer_size: LayerSize) -> LayerSizePart:
    return {
        "layer": layer_size.layer,
        "instruction": layer_size.instruction,
        "content_size": layer_size.content_size,
        "blob_size": layer_size.blob_size,
        "share": layer_size.share,
        "dead_size": layer_size.dead_size,
        "killed_size": layer_size.hidden_size,
    }


def _file_part(one: LargeFile) -> FilePart:
    return {"path": path_text(one.path), "size": one.size, "layer": one.layer}


def _dead_sum_part(why: SizeReport) -> DeadSumPart:
    parts = [_dead_part(entry) for entry in why.dead.entries]
    parts.sort(key=lambda part: (part["path"], part["writer"]))
    sums = {UNKNOWN_REASON if reason is None else reason.value: size for reason, size in why.dead.by_reason.items()}
    return {
        "total": why.dead_size,
        "blob_size_estimate": why.dead_blob_size,
        "by_reason": None if why.dead_size is None else sums,
        "entries": parts,
    }


def _dead_part(entry: DeadEntry) -> DeadPart:
    return {
        "path": path_text(entry.path),
        "size": entry.size,
        "writer": entry.writer,
        "killer": entry.hidden_by,
        "reason": None if entry.reason is None else entry.reason.value,
    }


def _duplicate_part(duplicate: Duplicate, paths: NodePaths) -> DuplicatePart:
    return {
        "size": duplicate.size,
        "paths": [path_text(paths(node)) for node in duplicate.nodes],
        "layers": list(duplicate.layers),
        "saves": duplicate.saves,
    }


def _advice_part(advice: Advice, why: SizeReport) -> AdvicePart:
    return {
        "layer": advice.layer,
        "instruction": advice.instruction,
        "saves": advice.saves,
        "text": advice.text,
        "kind": advice.kind.value,
        "paths": [path_text(path) for path in advice.paths],
        "killer": advice.hidden_by,
        "killer_instruction": advice.hidden_by_instruction,
        "blob_saves_estimate": why.blob_shares.estimate(advice.layer, advice.saves),
    }


def _package_part(each: PackageSize) -> PackagePart:
    return {
        "manager": each.package.manager,
        "name": each.package.name,
        "version": each.package.version,
        "size": each.size,
        "files": len(each.places),
    }


def _folder_parts(analysis: SizeAnalysis, paths: NodePaths) -> list[FolderPart]:
    """Return the heaviest folders, sorted by path."""
    parts: list[FolderPart] = [
        {"path": path_text(paths(row.node)), "size": row.size, "dead_size": row.dead, "files": row.files}
        for row in analysis.directories.heaviest_folders(LARGEST_FOLDERS)
    ]
    return sorted(parts, key=lambda part: part["path"])


def base_part(why: SizeReport) -> BasePart | None:
    """Return what is known of the base image; its sizes where it is known which layers are its own."""
    base = why.base
    if base is None:
        return None
    own = (
        None
        if base.layers is None
        else [layer_size for layer_size in why.layers if layer_size.layer <= (base.layers or 0)]
    )
    return {
        "name": base.name,
        "digest": base.digest,
        "layers": base.layers,
        "content_size": None if own is None else _sum([layer_size.content_size for layer_size in own]),
        "blob_size": None if own is None else _sum([layer_size.blob_size for layer_size in own]),
    }


def _sum(sizes: list[int | None]) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None
