"""The screens that show one file and lead to each other.

They are imported when the first of them is opened: the explorer starts without them.
"""

from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from layerscope.session.files.revision import FileRevision


class FileScreens:
    """Opens the screens that show one file."""

    def open_file(self, app: App[object], revision: "FileRevision") -> None:
        from layerscope.tui.file.screen import FileScreen  # noqa: PLC0415  # 50 ms, not before it is needed

        app.push_screen(FileScreen(revision, self))

    def open_diff(self, app: App[object], old: "FileRevision | None", new: "FileRevision | None") -> None:
        """Compare two revisions of a file; one of them is None if the file was added or removed."""
        from layerscope.tui.file_diff.screen import FileDiffScreen  # noqa: PLC0415  # 50 ms, not before it is needed

        app.push_screen(FileDiffScreen(old, new, self))

    def open_history(self, app: App[object], revision: "FileRevision") -> None:
        """List the history of a path; from there, revisions are opened or compared."""
        from layerscope.tui.file.history import HistoryScreen  # noqa: PLC0415  # 65 ms, not before it is needed

        app.push_screen(HistoryScreen(revision, self))
