"""The screens that the size view leads to: a file, its history, its extraction."""

from typing import Any

from textual.screen import Screen

from layerscope.session.files.revision import FileRevision, revision_at
from layerscope.session.loaded_image import LoadedImage
from layerscope.tui.dialogs.extract import ExtractScreen
from layerscope.tui.file_screens import FileScreens
from layerscope.tui.services import warn
from layerscope.tui.size.lists.model import Subject

_NO_FILE = "This works on a file: choose one first, Enter lists those of a row."


class SizeFileActions:
    """Opens other screens on the subject of a row, or says why that is impossible."""

    def __init__(self, screen: Screen[Any], loaded: LoadedImage) -> None:
        self._screen = screen
        self._loaded = loaded
        self._screens = FileScreens()

    def open_file(self, subject: Subject) -> None:
        revision = self._revision(subject)
        if revision is not None:
            self._screens.open_file(self._screen.app, revision)

    def open_history(self, subject: Subject) -> None:
        """List what each layer did to the path; from there, open a revision, or compare two."""
        revision = self._revision(subject)
        if revision is not None:
            self._screens.open_history(self._screen.app, revision)

    def extract(self, subject: Subject) -> None:
        """Ask where to extract the path; a layer is extracted with all files that are there after it."""
        if subject.layer is None or (subject.node is None and subject.topic is not None):
            warn(self._screen, _NO_FILE)
        else:
            self._screen.app.push_screen(ExtractScreen(self._loaded, subject.node or 0, subject.layer))

    def _revision(self, subject: Subject) -> FileRevision | None:
        if subject.node is None or subject.layer is None:
            warn(self._screen, _NO_FILE)
            return None
        return revision_at(self._loaded, subject.node, subject.layer)
