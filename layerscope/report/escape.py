"""Text from images, escaped for other formats so that nothing in it is read as markup.

Each function takes text that `layerscope.text` has made safe for a screen: control characters, bidi characters and lone
surrogates are written as escapes in it, so that XML and UTF-8 can hold it.
"""

import html
import json
import re

_HTML_JSON = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\x7f": "\\u007f"})
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The characters that start a formula in a spreadsheet, full-width forms included."""

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>|~!$&^]")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=[@#])(?=\w)", re.IGNORECASE)
_LINE_STARTS = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)]))")
_BREAK = "<!-- -->"
"""An invisible separator that keeps an address from becoming a link, and a name from being mentioned."""

_BACKTICKS = re.compile(r"`+")


def in_html(text: str) -> str:
    """Return the text as HTML, within an element or a quoted attribute."""
    return html.escape(text, quote=True)


def in_script(value: object) -> str:
    """Return a value as JSON that is safe in a script element: no end tag, no comment, ASCII only."""
    return json.dumps(value, separators=(",", ":")).translate(_HTML_JSON)


def in_markdown(text: str) -> str:
    """Return the text as one line of Markdown prose: no markup, no link, and no mention on GitHub."""
    escaped = _LINE_STARTS.sub(_escaped_start, _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split())))
    return _LINKS.sub(_BREAK, escaped)


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[1]}\\{match[2]}" if not match[2].isdigit() else f"{match[1]}{match[2]}\\"


def sentence_in_markdown(text: str) -> str:
    """Return a sentence of ours as Markdown: prose, and code where it has backticks."""
    return "".join(code_in_markdown(part) if is_code else _prose_part(part) for part, is_code in code_parts(text))


def _prose_part(text: str) -> str:
    """Return a part of a sentence as Markdown prose, with the spaces around it."""
    start, end = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{start}{in_markdown(text)}{end}" if text.strip() else text


def code_parts(text: str) -> list[tuple[str, bool]]:
    """Split a sentence at its backticks; return the parts, and whether each is code.

    An odd number of backticks means that one is part of a name: the sentence is prose then.
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return [(text, False)]
    return [(part, bool(number % 2)) for number, part in enumerate(parts) if part]


def code_in_markdown(text: str) -> str:
    """Return the text as a code span, with a fence that is longer than any run of backticks in the text."""
    one_line = " ".join(text.split(" ")).replace("\n", " ")
    fence = "`" * (max(map(len, _BACKTICKS.findall(one_line)), default=0) + 1)
    pad = " " if one_line.startswith("`") or one_line.endswith("`") or not one_line.strip() else ""
    return f"{fence}{pad}{one_line or ' '}{pad}{fence}"


def block_in_markdown(text: str, language: str) -> list[str]:
    """Return lines of code as a block, with a fence that is longer than any run of backticks in them."""
    fence = "`" * max(3, *(len(run) + 1 for run in _BACKTICKS.findall(text)), 0)
    return [f"{fence}{language}", *text.splitlines(), fence]


def code_in_markdown_cell(text: str) -> str:
    """Return the text as a code span in a cell of a table, where a vertical bar ends the cell unless it is escaped."""
    return code_in_markdown(text).replace("|", "\\|")


def in_csv(text: str) -> str:
    """Return the text as the content of a cell that no spreadsheet reads as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def in_github_message(text: str) -> str:
    """Return the text as the message of a workflow command.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions; the escapes are those of
    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def in_github_property(text: str) -> str:
    """Return the text as the value of a property of a workflow command."""
    return in_github_message(text).replace(":", "%3A").replace(",", "%2C")
