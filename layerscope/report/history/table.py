"""The life of one path for people: a row for each layer that wrote, changed or hid it."""

from collections.abc import Sequence
from typing import TextIO

from rich.console import Group, RenderableType
from rich.text import Text

from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.path_history import Revision
from layerscope.model.entries import FileEntry, Kind
from layerscope.model.image import Image
from layerscope.report.entry_part import link_text
from layerscope.report.size.rows import figures, layer_title
from layerscope.report.tables import CHANGE_STYLES, show
from layerscope.text import human_size, mode_text, path_text, printable_name


def write_history_table(image: Image, path: bytes, events: Sequence[Revision], file: TextIO) -> None:
    """Print the events of a path, base first."""
    show(history_table(image, path, events), file)


def history_table(image: Image, path: bytes, events: Sequence[Revision]) -> RenderableType:
    """Return a line that tells what became of the path, and the table."""
    table = figures("layer", last="")
    for title in ("what", "size", "mode", "owner", "instruction"):
        table.add_column(title, justify="right" if title == "size" else "left")
    for event in events:
        style = CHANGE_STYLES.get(event.change, "")
        entry = event.entry
        table.add_row(
            str(event.layer),
            Text(f"{event.change.mark} {event.change.word}", style, no_wrap=True),
            _what(event),
            Text(human_size(entry.size) if entry.kind is Kind.FILE else "", no_wrap=True),
            Text(mode_text(entry.kind.letter, entry.mode), no_wrap=True),
            Text(f"{entry.uid}:{entry.gid}", no_wrap=True),
            layer_title(image, event.layer),
        )
    return Group(Text(f"{printable_name(path_text(path))}{_fate(events)}", "bold", overflow="fold"), Text(), table)


def _what(event: Revision) -> Text:
    """Return what changed; of a link, where it leads."""
    words = [", ".join(event.what.words)] if event.what else []
    if event.change is ChangeKind.MODIFIED and not event.what:
        words = ["an identical copy"]
    return Text(" ".join([*words, *_link(event.entry)]), overflow="fold")


def _link(entry: FileEntry) -> list[str]:
    link = link_text(entry)
    return [] if link is None else [f"-> {printable_name(link)}"]


def _fate(events: Sequence[Revision]) -> str:
    if not events:
        return " is in no layer"
    # a directory that was only repeated is as it was
    last = next((event for event in reversed(events) if event.change is not ChangeKind.UNCHANGED), events[-1])
    if last.change is ChangeKind.REMOVED:
        return f" is not in the final image: layer {last.layer} removed it"
    return f" is in the final image as layer {last.entry.layer} wrote it"
