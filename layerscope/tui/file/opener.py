"""The opener of the screens of a file.

These screens lead to each other. A protocol lets them do so without importing each other.
"""

from typing import Protocol

from textual.app import App

from layerscope.session.files.revision import FileRevision


class FileOpener(Protocol):
    """Opens the screens that show one file."""

    def open_file(self, app: App[object], revision: FileRevision) -> None:
        """Show a file."""
        ...

    def open_diff(self, app: App[object], old: FileRevision | None, new: FileRevision | None) -> None:
        """Compare two revisions of a file; one of them is None if the file was added or removed."""
        ...

    def open_history(self, app: App[object], revision: FileRevision) -> None:
        """List the history of a path; from there, revisions are opened or compared."""
        ...
