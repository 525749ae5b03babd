"""What became of the rules as SARIF 2.1.0, which code scanning shows: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.

A result lies in the rules file, at the line of its rule, for the image is no file of the repository; the layers to look
at are its logical locations.
"""

from urllib.parse import quote

from layerscope import __version__
from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.check.lines import message
from layerscope.report.titles import title_of
from layerscope.text import path_text, printable_line, printable_name

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {Outcome.PASSED: ("pass", "none"), Outcome.FAILED: ("fail", "error"), Outcome.UNKNOWN: ("open", "none")}
"""Kind and level of a result, by its outcome."""

Json = dict[str, object]


def sarif_document(report: CheckReport) -> Json:
    """Return the log."""
    rules = [{"id": result.rule, "name": result.rule.title().replace("-", "")} for result in report.results]
    run: Json = {
        "tool": {"driver": {"name": "layerscope", "version": __version__, "rules": rules}},
        "invocations": [_invocation(report)],
        "results": [_result(report, place, result) for place, result in enumerate(report.results)],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(report: CheckReport) -> Json:
    """Return how the run went: it did not succeed where something could not be told."""
    notes = [{"level": "error", "message": {"text": printable_line(problem)}} for problem in report.problems]
    return {
        "executionSuccessful": report.outcome is not Outcome.UNKNOWN,
        **({"toolExecutionNotifications": notes} if notes else {}),
    }


def _result(report: CheckReport, index: int, result: RuleResult) -> Json:
    kind, level = _KINDS[result.outcome]
    location: Json = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(report.rules.name.replace("\\", "/"))},
            "region": {"startLine": report.line(result)},
        }
    }
    places = [_logical(report, place) for place in result.verdict.places if place.layer is not None]
    if places:
        location["logicalLocations"] = places
    return {
        "ruleId": result.rule,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": f"{printable_name(report.image.name)}: {message(report, result)}"},
        "locations": [location],
        # one finding stays the same one while its figures change
        "partialFingerprints": {"layerscope/rule": f"{printable_name(report.image.name)}:{result.rule}"},
    }


def _logical(report: CheckReport, place: Location) -> Json:
    name = f"layer {place.layer}"
    whole = f"{name}: {title_of(report.image, place.layer or 0)}"
    if place.path is not None:
        whole = f"{whole}: {printable_name(path_text(place.path))}"
    return {"name": name, "fullyQualifiedName": whole, "kind": "module"}
