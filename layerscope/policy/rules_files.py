"""The files that rules are read from."""

import os
import re
import tomllib
from pathlib import Path

from layerscope.errors import UsageError, os_reason
from layerscope.policy.dive import DIVE_FILE, dive_environment, read_dive_rules
from layerscope.policy.rules import RulesFile, rules_from
from layerscope.text import printable_line, printable_name

OWN_NAME = ".layerscope.toml"
_PROJECT = "pyproject.toml"
_DIVE = ".dive-ci"
_TABLE = "[tool.layerscope]"
_YAML = (".yaml", ".yml")

_HEADER = re.compile(r"\s*\[(?P<table>[^\[\]]+)\]\s*(?:#.*)?")
_KEY = re.compile(r"\s*(?:\"(?P<quoted>[^\"]+)\"|'(?P<literal>[^']+)'|(?P<bare>[A-Za-z0-9_-]+))\s*=")


def find_rules(config: str | None) -> RulesFile:
    """Return the rules in the file ``config``, or in the first of our own file, pyproject.toml and .dive-ci.

    As in dive, the environment may name another file than .dive-ci, and hold rules for where there is no file.
    Raises UsageError if there are none, or with line or key if they are invalid.
    """
    if config is not None:
        return _read(Path(config), _text(Path(config)))
    for name in (OWN_NAME, _PROJECT):
        path = Path(name)
        if path.is_file() and (name != _PROJECT or _has_table(path)):
            return _read(path, _text(path))
    path = Path(os.environ.get(DIVE_FILE) or _DIVE)
    if path.is_file():
        return read_dive_rules(_text(path), _name(path))
    if text := dive_environment(os.environ):
        return read_dive_rules(text, "the environment")
    raise UsageError(
        f"no rules found: there is no {OWN_NAME}, no {_TABLE} in a {_PROJECT} and no {_DIVE} in this folder"
        " (layerscope check IMAGE --init writes a file with the current figures as limits)"
    )


def is_own(path: Path) -> bool:
    """Return whether a file of that name holds our rules and nothing else."""
    return path.suffix == ".toml" and path.name != _PROJECT


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the rules file {_name(path)}: {os_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the rules file {_name(path)} is not UTF-8 text (byte {error.start})") from error


def _name(path: Path) -> str:
    return printable_name(str(path))


def _has_table(path: Path) -> bool:
    """Return whether a pyproject.toml has our table, or is invalid and names it, so that its error is shown."""
    text = _text(path)
    if "tool.layerscope" in text:
        return True
    tool = _toml(text, path).get("tool")
    return isinstance(tool, dict) and "layerscope" in tool


def _read(path: Path, text: str) -> RulesFile:
    name = _name(path)
    if path.name.startswith(_DIVE) or path.name.endswith(_DIVE) or path.suffix in _YAML:
        return read_dive_rules(text, name)
    document, where = _toml(text, path), ""
    if path.name == _PROJECT:
        tool, where = document.get("tool"), _TABLE
        table = tool.get("layerscope") if isinstance(tool, dict) else None
        if table is None:
            raise UsageError(f"{name} has no table {_TABLE}")
        document = table
    lines = _key_lines(text, where.strip("[]"))
    return RulesFile(name, rules_from(document, name, where, lines), lines)


def _toml(text: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{_name(path)} is not valid TOML: {printable_line(str(error))}") from error


def _key_lines(text: str, table: str) -> dict[str, int]:
    """Return the line of each key of a table; keys in unusual notations are left out."""
    key_lines: dict[str, int] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            current = header["table"].replace(" ", "")
        elif current == table and (key := _KEY.match(line)):
            key_lines.setdefault(key["quoted"] or key["literal"] or key["bare"], number)
    return key_lines
