"""The ``why`` document: the size of each layer, dead bytes with their reasons, and what to change."""

from typing import TypedDict

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.advice.secrets import Secret
from layerscope.analysis.dockerfile.patching import patch_of
from layerscope.analysis.packages.sbom import SbomComparison
from layerscope.analysis.packages.sizes import PackageSize
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.layers_and_files import LargeFile, LayerSize
from layerscope.analysis.tree.node_paths import NodePaths
from layerscope.report.json_document import SCHEMA_VERSION
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import base_sizes, reason_word
from layerscope.session.size.report import SizeReport
from layerscope.text import path_text

LARGEST_FOLDERS = 100
"""The number of the largest folders that are named."""


class LayerSizePart(TypedDict):
    """One layer; ``hides_size``: the bytes of lower layers that it hid."""

    layer: int
    instruction: str | None
    content_size: int | None
    blob_size: int | None
    share: float | None
    dead_size: int | None
    hides_size: int | None


class FilePart(TypedDict):
    """One of the largest files of the final image."""

    path: str
    size: int
    layer: int


class WrittenFilePart(FilePart):
    """One of the largest files of any layer; ``hidden_by`` is the layer that hid it, if it is dead."""

    hidden_by: int | None


class DeadPart(TypedDict):
    """A dead file; ``reason`` is null if it depends on bytes that cannot be read."""

    path: str
    size: int
    writer: int
    hidden_by: int
    reason: str | None


class DeadSumPart(TypedDict):
    """All dead bytes; if a layer could not be read, the sums are null and the entries those of the other layers."""

    total: int | None
    blob_size_estimate: int | None
    by_reason: dict[str, int] | None
    entries: list[DeadPart]


class DuplicatePart(TypedDict):
    """The same bytes at several paths; ``saves``: the size of all but one."""

    size: int
    paths: list[str]
    layers: list[int]
    saves: int


class AdvicePart(TypedDict):
    """A change to make: the instruction that wrote the bytes, and the one that hid them, if any."""

    layer: int
    instruction: str | None
    saves: int
    text: str
    kind: str
    paths: list[str]
    hidden_by: int | None
    hidden_by_instruction: str | None
    blob_saves_estimate: int | None
    line: int | None
    patch: str | None


class SecretPart(TypedDict):
    """A secret in the image; ``removed_in``: the layer that removed the last copy at the path, if any."""

    path: str
    kind: str
    layer: int
    removed_in: int | None


class TypePart(TypedDict):
    """The size of the files of one type in the final image."""

    type: str
    size: int
    files: int


class PackagePart(TypedDict):
    """The size of the files of one package in the final image; each file belongs to one package."""

    manager: str
    name: str
    version: str
    size: int
    files: int


class SbomDifferencePart(TypedDict):
    """A package in which SBOM and image differ: its version in each, null where it is missing."""

    manager: str
    name: str
    sbom_version: str | None
    image_version: str | None


class SbomPart(TypedDict):
    """The SBOM compared with the packages of the image; ``not_compared``: numbers of packages by their type."""

    packages: int
    matched: int
    differences: list[SbomDifferencePart]
    not_compared: dict[str, int]


class FolderPart(TypedDict):
    """The content below a folder: live bytes, the number of live files, and dead bytes."""

    path: str
    size: int
    dead_size: int
    files: int


class BasePart(TypedDict):
    """The base image, as far as it is known; ``layers``: the number of its layers, which are the lowest ones."""

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
    secrets: list[SecretPart]
    advice: list[AdvicePart]
    size_after_advice: int | None
    by_type: list[TypePart]
    by_package: list[PackagePart]
    unowned_size: int
    sbom: SbomPart | None
    directories: list[FolderPart]
    base: BasePart | None
    unknowns: list[str]


def why_document(analysis: SizeAnalysis) -> WhyDocument:
    """Return the document; this reads layers and file contents as needed."""
    why, paths = analysis.report, NodePaths(analysis.tree.index)
    return {
        "schema_version": SCHEMA_VERSION,
        "total_size": why.total_size,
        "blob_size": why.blob_size,
        "verdict": why.verdict,
        "efficiency": why.efficiency,
        "layers": [_layer_size_part(layer_size) for layer_size in why.layers],
        "largest": [_file_part(file) for file in why.largest],
        "largest_written": [{**_file_part(file), "hidden_by": file.hidden_by} for file in why.largest_written],
        "dead": _dead_sum_part(why),
        "duplicates": [_duplicate_part(duplicate, paths) for duplicate in why.duplicates],
        "duplicates_complete": why.duplicates_complete,
        "secrets": [_secret_part(secret) for secret in why.secrets],
        "advice": [_advice_part(advice, analysis) for advice in why.advice],
        "size_after_advice": why.size_after_advice,
        "by_type": [{"type": each.type.value, "size": each.size, "files": each.files} for each in analysis.types.sizes],
        "by_package": [_package_part(package) for package in analysis.packages.packages],
        "unowned_size": analysis.packages.unowned,
        "sbom": None if analysis.sbom is None else _sbom_part(analysis.sbom),
        "directories": _folder_parts(analysis, paths),
        "base": _base_part(why),
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
        "hides_size": layer_size.hides_size,
    }


def _file_part(file: LargeFile) -> FilePart:
    return {"path": path_text(file.path), "size": file.size, "layer": file.layer}


def _dead_sum_part(why: SizeReport) -> DeadSumPart:
    parts = [_dead_part(entry) for entry in why.dead.entries]
    parts.sort(key=lambda part: (part["path"], part["writer"]))
    sums = {reason_word(reason): size for reason, size in why.dead.by_reason.items()}
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
        "hidden_by": entry.hidden_by,
        "reason": None if entry.reason is None else entry.reason.value,
    }


def _duplicate_part(duplicate: Duplicate, paths: NodePaths) -> DuplicatePart:
    return {
        "size": duplicate.size,
        "paths": [path_text(paths(node)) for node in duplicate.nodes],
        "layers": list(duplicate.layers),
        "saves": duplicate.saves,
    }


def _advice_part(advice: Advice, analysis: SizeAnalysis) -> AdvicePart:
    placed = analysis.dockerfile
    return {
        "layer": advice.layer,
        "instruction": advice.instruction,
        "saves": advice.saves,
        "text": advice.text,
        "kind": advice.kind.value,
        "paths": [path_text(path) for path in advice.paths],
        "hidden_by": advice.hidden_by,
        "hidden_by_instruction": advice.hidden_by_instruction,
        "blob_saves_estimate": analysis.report.blob_shares.estimate(advice.layer, advice.saves),
        "line": placed.line_of_layer.get(advice.layer) if placed else None,
        "patch": (patch_of(placed, [advice.edits]) or None) if placed else None,
    }


def _secret_part(secret: Secret) -> SecretPart:
    return {
        "path": path_text(secret.path),
        "kind": secret.kind.value,
        "layer": secret.layer,
        "removed_in": secret.removed_in,
    }


def _package_part(package: PackageSize) -> PackagePart:
    return {
        "manager": package.package.manager,
        "name": package.package.name,
        "version": package.package.version,
        "size": package.size,
        "files": len(package.places),
    }


def _sbom_part(sbom: SbomComparison) -> SbomPart:
    return {
        "packages": sbom.stated,
        "matched": sbom.matched,
        "differences": [
            {"manager": each.manager, "name": each.name, "sbom_version": each.stated, "image_version": each.found}
            for each in sbom.differences
        ],
        "not_compared": dict(sorted(sbom.not_compared.items())),
    }


def _folder_parts(analysis: SizeAnalysis, paths: NodePaths) -> list[FolderPart]:
    """Return the largest folders, sorted by path."""
    parts: list[FolderPart] = [
        {"path": path_text(paths(row.node)), "size": row.size, "dead_size": row.dead, "files": row.files}
        for row in analysis.directories.heaviest_folders(LARGEST_FOLDERS)
    ]
    return sorted(parts, key=lambda part: part["path"])


def _base_part(why: SizeReport) -> BasePart | None:
    """Return the base image, with its sizes if it is known which layers are its own."""
    base, sizes = why.base, base_sizes(why)
    if base is None:
        return None
    return {
        "name": base.name,
        "digest": base.digest,
        "layers": base.layers,
        "content_size": sizes.content_size,
        "blob_size": sizes.blob_size,
    }
