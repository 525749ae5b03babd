"""The results of rules as SARIF 2.1.0, which code scanning shows: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.

A result is located in the Dockerfile, at the line that made the worst layer, where that is known, and else in the rules
file, because the image is not a file of the repository; the layers to look at are its logical locations.
"""

from typing import TextIO
from urllib.parse import quote

from layerscope import __version__
from layerscope.policy.outcome import CheckReport, Location, Outcome, RuleResult
from layerscope.report.json_document import write_document
from layerscope.session.summary import layer_title
from layerscope.text import printable_line, printable_name, printable_path

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {Outcome.PASSED: ("pass", "none"), Outcome.FAILED: ("fail", "error"), Outcome.UNKNOWN: ("open", "none")}
"""Kind and level of a result, by its outcome."""

Json = dict[str, object]


def write_check_sarif(report: CheckReport, file: TextIO) -> None:
    """Write the log."""
    rules = [{"id": result.rule, "name": result.rule.title().replace("-", "")} for result in report.results]
    run: Json = {
        "tool": {"driver": {"name": "layerscope", "version": __version__, "rules": rules}},
        "invocations": [_invocation(report)],
        "results": [_result(report, index, result) for index, result in enumerate(report.results)],
        "columnKind": "unicodeCodePoints",
    }
    write_document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, file)


def _invocation(report: CheckReport) -> Json:
    """Return the outcome of the run: it did not succeed if any outcome is unknown."""
    notes = [{"level": "error", "message": {"text": printable_line(problem)}} for problem in report.problems]
    return {
        "executionSuccessful": report.outcome is not Outcome.UNKNOWN,
        **({"toolExecutionNotifications": notes} if notes else {}),
    }


def _result(report: CheckReport, index: int, result: RuleResult) -> Json:
    kind, level = _KINDS[result.outcome]
    name, line = report.position(result)
    location: Json = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(name.replace("\\", "/"))},
            "region": {"startLine": line},
        }
    }
    logical = [_logical(report, each) for each in result.verdict.locations if each.layer is not None]
    if logical:
        location["logicalLocations"] = logical
    return {
        "ruleId": result.rule,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": f"{printable_name(report.image.name)}: {report.message(result)}"},
        "locations": [location],
        # The identity of a finding must not depend on its figures.
        "partialFingerprints": {"layerscope/rule": f"{printable_name(report.image.name)}:{result.rule}"},
    }


def _logical(report: CheckReport, location: Location) -> Json:
    name = f"layer {location.layer}"
    whole = f"{name}: {layer_title(report.image, location.layer or 0)}"
    if location.path is not None:
        whole = f"{whole}: {printable_path(location.path)}"
    return {"name": name, "fullyQualifiedName": whole, "kind": "module"}
