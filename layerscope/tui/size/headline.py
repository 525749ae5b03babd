"""The lines above the size view: secrets first, then the verdict, and what is unknown."""

from collections.abc import Iterator

from rich.text import Text

from layerscope.session.size.report import SizeReport
from layerscope.text import path_text, plural, printable_line, printable_name

_MOST_NAMED = 2
"""The most secrets and unknown facts that have a line of their own."""


def headline(report: SizeReport) -> Text:
    """Return the lines above the size view."""
    text = Text()
    for line in _secret_lines(report):
        text.append(f"! {line}\n", "bold reverse")
    text.append(report.verdict)
    for line in _unknown_lines(report):
        text.append(f"\n{line}", "not bold")
    return text


def _secret_lines(report: SizeReport) -> Iterator[str]:
    for secret in report.secrets[:_MOST_NAMED]:
        name, removed = printable_name(path_text(secret.path)), ""
        if secret.removed_in is not None:
            removed = f", and layer {secret.removed_in} only hides it"
        yield f"Layer {secret.layer} ships {secret.kind.words}: {name}{removed}."
    if len(report.secrets) > _MOST_NAMED:
        yield f"{plural(len(report.secrets) - _MOST_NAMED, 'more secret')}: see the advice."


def _unknown_lines(report: SizeReport) -> Iterator[str]:
    for sentence in report.unknowns[:_MOST_NAMED]:
        yield f"Unknown: {printable_line(sentence)}."
    if len(report.unknowns) > _MOST_NAMED:
        yield f"Unknown: {plural(len(report.unknowns) - _MOST_NAMED, 'more fact')}."
