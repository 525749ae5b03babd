"""Notes on a text comparison, beside its lines: line ends, encodings, and whether the comparison is approximate."""

from collections.abc import Iterator

from layerscope.analysis.text.diff import TextDiff
from layerscope.analysis.text.lines import LineEnd
from layerscope.comparison.file_difference import ComparedFile
from layerscope.tui.file_diff.layout import ends_only

_ENDS = {LineEnd.LF: "LF", LineEnd.CRLF: "CRLF", LineEnd.NONE: "no line feed"}


def text_notes(diff: TextDiff, old: ComparedFile | None, new: ComparedFile | None) -> Iterator[str]:
    """Yield the notes on a text comparison."""
    only = ends_only(diff)
    if only is not None:
        names = (" and ".join(sorted(_ENDS[end] for end in ends)) for ends in only)
        yield "only line ends differ: {} in the old version, {} in the new one".format(*names)
    else:
        yield from _last_ends(diff)
    if old and new and old.encoding and new.encoding and old.encoding is not new.encoding:
        yield f"{old.encoding.word} in the old version, {new.encoding.word} in the new one"
    if diff.rough:
        yield "more lines may be equal than are shown as equal"


def _last_ends(diff: TextDiff) -> Iterator[str]:
    old, new = ((lines[-1].end if lines else None) for lines in (diff.old, diff.new))
    for end, other_end, side in ((old, new, "old"), (new, old, "new")):
        if end is LineEnd.NONE and other_end is not LineEnd.NONE:
            yield f"no line feed at the end of the {side} version"
