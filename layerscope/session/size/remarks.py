"""Sentences on a size report, and which of them apply: the same in every report and screen."""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.advice.advice import is_worth_advice
from layerscope.analysis.packages.sizes import PackageSizes
from layerscope.analysis.size.dead import DeadReason
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.model.image import known_sum
from layerscope.session.size.report import SizeReport
from layerscope.text import human_size, plural, printable_line, printable_path

UNKNOWN_REASON = "unknown"
"""The word for the reason of a dead file whose bytes cannot be read."""


class BaseSizes(NamedTuple):
    """Sizes of the base image's layers; None if one is unknown, or if it is unknown which layers are the base's."""

    content_size: int | None
    blob_size: int | None


def base_sizes(report: SizeReport) -> BaseSizes:
    """Return the sizes of the layers that came with the base image."""
    if report.base is None or report.base.layers is None:
        return BaseSizes(None, None)
    last = report.base.layers
    own = [layer_size for layer_size in report.layers if layer_size.layer <= last]
    return BaseSizes(known_sum(each.content_size for each in own), known_sum(each.blob_size for each in own))


def remarks(report: SizeReport) -> Iterator[str]:
    """Yield what is known of the base image and what is unknown of the rest, safe for a screen."""
    base = _base_sentence(report)
    if base:
        yield base
    yield from (f"Unknown: {printable_line(sentence)}." for sentence in report.unknowns)


def _base_sentence(report: SizeReport) -> str | None:
    base, content = report.base, base_sizes(report).content_size
    if base is None:
        return None
    name = f" {printable_line(base.name)}" if base.name else ""
    if base.layers is None:
        return f"Base image{name}: its layers are not recorded (--base names them)."
    added = report.total_size - content if report.total_size and content is not None else None
    layers = plural(base.layers, "layer")
    return f"Base image{name}: the lowest {layers}, {human_size(content)}; {human_size(added)} were added to it."


def reason_word(reason: DeadReason | None) -> str:
    """Return the reason for dead bytes as a word."""
    return UNKNOWN_REASON if reason is None else reason.value


_LABELS = {DeadReason.METADATA_ONLY: "mode or owner only", DeadReason.IDENTICAL: "stored again unchanged"}


def reason_label(reason: DeadReason | None) -> str:
    """Return the reason for dead bytes in words that need no explanation; documents have `reason_word`."""
    return reason_word(reason) if reason is None else _LABELS.get(reason, reason.value)


def reason_sums(report: SizeReport) -> list[tuple[DeadReason | None, int]]:
    """Return the dead bytes by reason, the largest sum first."""
    return sorted(report.dead.by_reason.items(), key=lambda item: -item[1])


def reasons_line(report: SizeReport) -> str:
    """Return the dead bytes by reason: ``233 MB deleted, 29 MB mode or owner only``."""
    sums = reason_sums(report)
    words = ((size, reason_label(reason) if reason else "for unknown reasons") for reason, size in sums)
    return ", ".join(f"{human_size(size)} {label}" for size, label in words)


def size_change(report: SizeReport, arrow: str, *, is_long: bool = True) -> str:
    """Return the size and what it can become: ``415 MB → about 150 MB if you follow the advice``."""
    total, after = human_size(report.total_size), report.size_after_advice
    if after is None or after == report.total_size:
        return total
    return f"{total} {arrow} about {human_size(after)}{' if you follow the advice' if is_long else ''}"


def size_sentence(report: SizeReport, arrow: str) -> str:
    """Return the size and what it can become as a sentence, with the part of the base image if it is known."""
    split = saving_split(report)
    return f"{size_change(report, arrow)}{f': {split}' if split else ''}."


def saving_split(report: SizeReport) -> str:
    """Return what the advice saves of the user and of the base: ``your Dockerfile -176 MB, base image -97 MB``.

    Empty if it saves nothing in the base image, or if the layers of the base are not known.
    """
    base = (report.base.layers if report.base else None) or 0
    in_base = sum(advice.saves for advice in report.advice if advice.layer <= base)
    own = sum(advice.saves for advice in report.advice) - in_base
    return f"your Dockerfile -{human_size(own)}, base image -{human_size(in_base)}" if in_base else ""


def no_dead_sentence(report: SizeReport) -> str:
    """Return what to say in place of an empty list of dead files."""
    if report.dead_size is None:
        return "The dead bytes are unknown: not all layers could be read."
    return "Nothing in this image is dead."


def duplicates_matter(report: SizeReport) -> bool:
    """Return whether the duplicates are worth a view of their own: otherwise a sentence of advice leads to them."""
    return is_worth_advice(sum(duplicate.saves for duplicate in report.duplicates), report.total_size or 0)


def no_duplicates_sentence(report: SizeReport) -> str:
    """Return what to say in place of an empty list of duplicates."""
    if report.is_complete and report.duplicates_complete:
        return "No two files of the final image have the same content."
    return "No two files with the same content were found, but not all files could be compared."


def no_packages_sentence(report: SizeReport, packages: PackageSizes) -> str:
    """Return what to say in place of an empty list of packages."""
    exception = f", except {printable_path(packages.unread[0])}, which is not read" if packages.unread else ""
    where = "" if report.is_complete else " in the layers that could be read"
    return f"No package database was found{where}{exception}."


def no_advice_sentence(report: SizeReport) -> str:
    """Return what to say in place of an empty list of advice."""
    if not report.is_complete:
        return "No waste was found in the layers that could be read."
    if report.dead_size:
        return f"No single change saves much of the {human_size(report.dead_size)} of dead bytes."
    if not report.is_clean:
        return "No waste was found."
    return "Nothing to change: no waste and no known risk was found."


def package_label(manager: str, name: str, version: str) -> str:
    """Return a package as one line, safe for a screen: ``nginx 1.27.2-1 (dpkg)``."""
    return printable_line(f"{name} {version} ({manager})")


def sbom_version(version: str | None) -> str:
    """Return the version of a package in the SBOM or in the image, safe for a screen: ``no`` if it is not there."""
    return "no" if version is None else printable_line(version) or "yes"


def layers_in_order(report: SizeReport) -> list[LayerSize]:
    """Return the layers in build order; the report has the largest first."""
    return sorted(report.layers, key=lambda layer_size: layer_size.layer)
