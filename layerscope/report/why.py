"""The ``why`` document: the size of each layer, dead bytes with their reasons, and what to change."""

from typing import TextIO

from msgspec import UNSET, Struct, UnsetType

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.dockerfile.patching import patch_of
from layerscope.analysis.packages.sbom import SbomComparison
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.analysis.tree.tree_state import NodePaths
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.packages import PackageEventPart, PackagePart, event_parts, package_parts
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import base_sizes, reason_word
from layerscope.session.size.report import SizeReport
from layerscope.text import path_text

LARGEST_FOLDERS = 100
"""The number of the largest folders that are named."""


class FilePart(Struct):
    """One of the largest files of the final image."""

    path: str
    size: int
    layer: int


class WrittenFilePart(FilePart):
    """One of the largest files of any layer; ``hidden_by`` is the layer that hid it, if it is dead."""

    hidden_by: int | None


class DeadPart(Struct):
    """A dead file; ``reason`` is null if it depends on bytes that cannot be read."""

    path: str
    size: int
    writer: int
    hidden_by: int
    reason: str | None


class DeadSumPart(Struct):
    """All dead bytes; if a layer could not be read, the sums are null and the entries those of the other layers."""

    total: int | None
    blob_size_estimate: int | None
    by_reason: dict[str, int] | None
    entries: list[DeadPart]


class DuplicatePart(Struct):
    """The same bytes at several paths; ``saves``: the size of all but one."""

    size: int
    paths: list[str]
    layers: list[int]
    saves: int


class AdvicePart(Struct):
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


class SecretPart(Struct):
    """A secret in the image; ``removed_in``: the layer that removed the last copy at the path, if any."""

    path: str
    kind: str
    layer: int
    removed_in: int | None


class TypePart(Struct):
    """The size of the files of one type in the final image."""

    type: str
    size: int
    files: int


class SbomDifferencePart(Struct):
    """A package in which SBOM and image differ: its version in each, null where it is missing."""

    manager: str
    name: str
    sbom_version: str | None
    image_version: str | None


class SbomPart(Struct):
    """The SBOM compared with the packages of the image; ``not_compared``: numbers of packages by their type."""

    packages: int
    matched: int
    differences: list[SbomDifferencePart]
    not_compared: dict[str, int]


class FolderPart(Struct):
    """The content below a folder: live bytes, the number of live files, and dead bytes."""

    path: str
    size: int
    dead_size: int
    files: int


class BasePart(Struct):
    """The base image, as far as it is known; ``layers``: the number of its layers, which are the lowest ones."""

    name: str | None
    digest: str | None
    layers: int | None
    content_size: int | None
    blob_size: int | None


class WhyDocument(Listing, kw_only=True):
    """The whole document; names that end in ``_estimate`` are estimates, all other sizes are exact.

    It has ``package_events`` only if they are asked for.
    """

    total_size: int | None
    blob_size: int | None
    verdict: str
    efficiency: float | None
    layers: list[LayerSize]
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
    package_events: list[PackageEventPart] | UnsetType = UNSET
    unowned_size: int
    sbom: SbomPart | None
    directories: list[FolderPart]
    base: BasePart | None
    unknowns: list[str]


def write_why_document(
    analysis: SizeAnalysis, file: TextIO, *, all_packages: bool = False, limit: Limit = NO_LIMIT
) -> None:
    """Write the document; this reads layers and file contents as needed. The ``limit`` is that of each list."""
    write_document(why_document(analysis, all_packages=all_packages, limit=limit), file, limit=limit)


def why_document(analysis: SizeAnalysis, *, all_packages: bool = False, limit: Limit = NO_LIMIT) -> WhyDocument:
    """Return the document; this reads layers and file contents as needed."""
    why, paths, base = analysis.report, NodePaths(analysis.tree.index), analysis.report.base
    return WhyDocument(
        total_size=why.total_size,
        blob_size=why.blob_size,
        verdict=why.verdict,
        efficiency=why.efficiency,
        layers=list(limit(why.layers)),
        largest=[FilePart(path_text(file.path), file.size, file.layer) for file in limit(why.largest)],
        largest_written=[
            WrittenFilePart(path_text(file.path), file.size, file.layer, file.hidden_by)
            for file in limit(why.largest_written)
        ],
        dead=_dead_sum_part(why, limit),
        duplicates=[_duplicate_part(duplicate, paths) for duplicate in limit(why.duplicates)],
        duplicates_complete=why.duplicates_complete,
        secrets=[
            SecretPart(path_text(secret.path), secret.kind.value, secret.layer, secret.removed_in)
            for secret in limit(why.secrets)
        ],
        advice=[_advice_part(advice, analysis) for advice in limit(why.advice)],
        size_after_advice=why.size_after_advice,
        by_type=[TypePart(each.type.value, each.size, each.files) for each in limit(analysis.types.sizes)],
        by_package=list(limit(package_parts(analysis.packages_by_layer))),
        package_events=list(limit(event_parts(analysis.image, analysis.packages_by_layer))) if all_packages else UNSET,
        unowned_size=analysis.packages.unowned,
        sbom=None if analysis.sbom is None else _sbom_part(analysis.sbom),
        directories=_folder_parts(analysis, paths, limit),
        base=None if base is None else BasePart(base.name, base.digest, base.layers, *base_sizes(why)),
        unknowns=list(why.unknowns),
    )


def _dead_sum_part(why: SizeReport, limit: Limit) -> DeadSumPart:
    largest = limit(sorted(map(_dead_part, why.dead.entries), key=lambda part: (-part.size, part.path, part.writer)))
    entries = sorted(largest, key=lambda part: (part.path, part.writer))
    sums = {reason_word(reason): size for reason, size in why.dead.by_reason.items()}
    return DeadSumPart(why.dead_size, why.dead_blob_size, None if why.dead_size is None else sums, entries)


def _dead_part(entry: DeadEntry) -> DeadPart:
    reason = None if entry.reason is None else entry.reason.value
    return DeadPart(path_text(entry.path), entry.size, entry.writer, entry.hidden_by, reason)


def _duplicate_part(duplicate: Duplicate, paths: NodePaths) -> DuplicatePart:
    names = [path_text(paths(node)) for node in duplicate.nodes]
    return DuplicatePart(duplicate.size, names, list(duplicate.layers), duplicate.saves)


def _advice_part(advice: Advice, analysis: SizeAnalysis) -> AdvicePart:
    placed = analysis.dockerfile
    return AdvicePart(
        layer=advice.layer,
        instruction=advice.instruction,
        saves=advice.saves,
        text=advice.text,
        kind=advice.kind.value,
        paths=[path_text(path) for path in advice.paths],
        hidden_by=advice.hidden_by,
        hidden_by_instruction=advice.hidden_by_instruction,
        blob_saves_estimate=analysis.report.blob_shares.estimate(advice.layer, advice.saves),
        line=placed.line_of_layer.get(advice.layer) if placed else None,
        patch=(patch_of(placed, [advice.edits]) or None) if placed else None,
    )


def _sbom_part(sbom: SbomComparison) -> SbomPart:
    differences = [SbomDifferencePart(*difference) for difference in sbom.differences]
    return SbomPart(sbom.stated, sbom.matched, differences, dict(sorted(sbom.not_compared.items())))


def _folder_parts(analysis: SizeAnalysis, paths: NodePaths, limit: Limit) -> list[FolderPart]:
    """Return the largest folders, sorted by path."""
    rows = limit(analysis.directories.heaviest_folders(LARGEST_FOLDERS))
    parts = [FolderPart(path_text(paths(row.node)), row.size, row.dead, row.files) for row in rows]
    return sorted(parts, key=lambda part: part.path)
