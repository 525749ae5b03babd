"""The results of rules as JUnit XML, which CI servers show as tests.

There is no standard; this uses only what all readers share: https://github.com/testmoapp/junitxml. A rule with an
unknown outcome is an error, like a test that could not run.
"""

from typing import TextIO
from xml.etree import ElementTree as ET

from layerscope.policy.outcome import CheckReport, Outcome
from layerscope.text import printable_line, printable_name

_ELEMENTS = {Outcome.FAILED: "failure", Outcome.UNKNOWN: "error"}


def write_check_junit(report: CheckReport, file: TextIO) -> None:
    """Write the document; image names and paths are escaped for XML."""
    failed, unknown = report.count(Outcome.FAILED), report.count(Outcome.UNKNOWN) + bool(report.problems)
    counts = {
        "tests": str(len(report.results) + bool(report.problems)),
        "failures": str(failed),
        "errors": str(unknown),
        "skipped": "0",
        "time": "0",
    }
    root = ET.Element("testsuites", {"name": "layerscope check", **{key: counts[key] for key in _TOTALS}})
    suite = ET.SubElement(root, "testsuite", {"name": printable_name(report.image.name), **counts})
    for result in report.results:
        case = _case(suite, report, result.key)
        if result.outcome in _ELEMENTS:
            facts = {"message": result.verdict.text, "type": result.rule}
            ET.SubElement(case, _ELEMENTS[result.outcome], facts).text = report.message(result)
    if sentences := [printable_line(problem) for problem in report.problems]:
        facts = {"message": sentences[0], "type": "unreadable"}
        ET.SubElement(_case(suite, report, "layers"), "error", facts).text = "\n".join(sentences)
    ET.SubElement(suite, "system-out").text = f"{report.headline}."
    ET.indent(root)
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    # References in place of characters beyond ASCII survive whatever encoding the file is read with.
    file.write(ET.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii") + "\n")


_TOTALS = ("tests", "failures", "errors", "time")


def _case(suite: ET.Element, report: CheckReport, name: str) -> ET.Element:
    facts = {"classname": printable_name(report.image.name), "name": name, "time": "0"}
    return ET.SubElement(suite, "testcase", facts)
