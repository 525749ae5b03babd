"""The checks of an image: a document, and for people a row for each blob and a sentence for each that is wrong."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.tables import Grid, GridColumn, Line, Paragraph, show
from layerscope.session.verifying import Check, Result, Verification
from layerscope.text import plural, printable_line, short_name


class VerifyDocument(Listing, kw_only=True):
    """The whole document; ``result`` is wrong if a check is, else unknown if one is."""

    result: str
    checks: list[Check]


def write_verify_document(verification: Verification, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    document = VerifyDocument(result=verification.result.value, checks=list(limit(verification.checks)))
    write_document(document, file, limit=limit)


_STYLES = {Result.RIGHT: "green", Result.WRONG: "bold red", Result.UNKNOWN: "yellow", Result.NOTE: "cyan"}
_ORDER = (Result.WRONG, Result.UNKNOWN, Result.NOTE, Result.RIGHT)
_ID_LENGTH = 12
_VERDICTS = {
    Result.RIGHT: "is right: all that its documents say about its blobs is so",
    Result.WRONG: "is wrong: {} not what its documents say",
    Result.UNKNOWN: "may be right: {} not known",
}


def write_verify_table(verification: Verification, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Print a row for each blob, and the verdict last."""
    grid = Grid(*map(GridColumn, ("", "blob", "digest")), GridColumn("checks", is_flexible=True, least=30))
    groups = dict[tuple[str, int | None, str | None], list[Check]]()
    for check in verification.checks:
        key = check.subject, check.layer, check.digest if check.layer is None else None
        groups.setdefault(key, []).append(check)
    for (subject, layer, _), checks in limit(groups.items()):
        result = min((check.result for check in checks), key=_ORDER.index)
        digest = (checks[0].digest or "").rpartition(":")[2][:_ID_LENGTH]
        where = subject if layer is None else f"{subject} {layer}"
        grid.add_row(Line(result.value, _STYLES[result]), where, digest, list(_lines(checks)))
    result = verification.result
    count = sum(check.result is result for check in verification.checks)
    verdict = _VERDICTS[result].format(f"{plural(count, 'thing')} {'is' if count == 1 else 'are'}")
    verdict = f"{printable_line(verification.name)} {verdict}."
    show([grid, Paragraph(), Paragraph(verdict, _STYLES[result])], file)


def _lines(checks: Sequence[Check]) -> Iterator[Line]:
    right = dict.fromkeys(check.check for check in checks if check.result is Result.RIGHT)
    if right:
        yield Line(", ".join(right), "dim", is_folded=True)
    for check in checks:
        if check.result is not Result.RIGHT:
            yield Line(f"{check.check}: {printable_line(check.text)}", is_folded=True, bold=len(check.check))
            if check.result is Result.WRONG and check.expected is not None and check.found is not None:
                figures = f"expected {_shown(check.expected)}, found {_shown(check.found)}"
                yield Line(figures, "dim", is_folded=True, indent=2)


def _shown(value: str | int) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    algorithm, colon, encoded = value.partition(":")
    return short_name(f"{algorithm}{colon}{encoded[:_ID_LENGTH]}")
