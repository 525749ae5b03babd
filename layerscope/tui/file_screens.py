"""The screens that show one file, imported when the first of them is opened: the explorer starts without them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App

if TYPE_CHECKING:
    from layerscope.session.files.revision import FileRevision
    from layerscope.tui.file.history import HistoryAnswer


class FileScreens:
    """The `FileOpener` that every screen uses."""

    def open_file(self, app: App[object], version: "FileRevision") -> None:
        """Show a file."""
        from layerscope.tui.file.screen import FileScreen  # noqa: PLC0415  # not needed to start

        app.push_screen(FileScreen(version, self))

    def open_diff(self, app: App[object], old: "FileRevision | None", new: "FileRevision | None") -> None:
        """Compare two versions of a file; one of them is None if the file was added or removed."""
        from layerscope.tui.file_diff.screen import FileDiffScreen  # noqa: PLC0415  # not needed to start

        app.push_screen(FileDiffScreen(old, new, self))

    def open_history(self, app: App[object], version: "FileRevision", show: Callable[["FileRevision"], None]) -> None:
        """List the history of a path; ``show`` is called with the version that the user chooses."""
        from layerscope.tui.file.history import HistoryScreen  # noqa: PLC0415  # not needed to start

        def follow(answer: "HistoryAnswer | None") -> None:
            if answer is None:
                return
            if answer.old is None:
                show(answer.version)
            else:
                self.open_diff(app, answer.old, answer.version)

        app.push_screen(HistoryScreen(version), follow)
