"""What can be taken out of the file that is shown: its digest, its path, its text, a copy for another program."""

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import get_current_worker

from layerscope.errors import FormatError, LayerscopeError, UsageError
from layerscope.extraction.private_copy import PrivateCopy, check_copied_size, user_command
from layerscope.text import copied_path, human_size, printable_line
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.file.external_program import run_external_program
from layerscope.tui.file.messages import FileCopied, FileFailed, FileHashed, TextRead
from layerscope.tui.file.state import FileState, OpenFile
from layerscope.tui.file.work import hash_file

_LARGEST_CLIP = 100_000
"""Bytes of a file that go to the clipboard: many terminals take no more."""


def _key(keys: str, action: str, description: str, tooltip: str) -> Binding:
    return Binding(keys, action, description, tooltip=tooltip, id=f"file.{description}")


class FileActions(Screen[None]):
    """The part of a file view that takes things out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("s", "digest", "digest", "Compute the sha256, and copy it to the clipboard"),
        _key("y", "copy_path", "copy path", "Copy the path to the clipboard"),
        _key("Y", "copy_content", "copy content", "Copy the text to the clipboard"),
        _key("x", "extract", "extract", "Write the file into a folder, as it is in this version"),
        _key("p", "pager", "pager", "Open a copy in $PAGER"),
        _key("E", "editor", "editor", "Open a copy in $VISUAL or $EDITOR"),
    ]

    def __init__(self, state: FileState, glyphs: Glyphs) -> None:
        super().__init__(classes="" if glyphs.has_unicode else "-ascii")
        self._state = state
        self._glyphs = glyphs

    def _show_head(self) -> None:
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Tell which keys work now."""
        file = self._state.file
        if action in ("digest", "pager", "editor"):
            return file is not None
        return action != "copy_content" or (file is not None and file.encoding is not None)

    def action_digest(self) -> None:
        """Compute the digest, show it, and copy it."""
        if self._state.digest is not None:
            self._clip(self._state.digest, self._state.digest)
        elif self._state.file is not None:
            self._hash(self._state.file)

    @work(thread=True, exclusive=True, exit_on_error=False, group="hash")
    def _hash(self, file: OpenFile) -> None:
        worker = get_current_worker()
        try:
            for digest in hash_file(file.pages):
                if worker.is_cancelled:
                    return
                if digest:
                    self.post_message(FileHashed(file, digest))
        except FormatError as error:
            self.post_message(FileFailed(f"The file cannot be read to its end: {error}."))

    @on(FileHashed)
    def _on_hashed(self, message: FileHashed) -> None:
        if message.file is self._state.file:
            self._state.digest = message.digest
            self._show_head()
            self._clip(message.digest, message.digest)

    def action_copy_path(self) -> None:
        """Copy the path."""
        text = copied_path(self._state.version.path)
        self._clip(text, text)

    def action_copy_content(self) -> None:
        """Copy the text."""
        file = self._state.file
        if file is None:
            return
        if file.pages.size > _LARGEST_CLIP:
            self._complain(f"Only a text of up to {human_size(_LARGEST_CLIP)} can be copied to the clipboard.")
        else:
            self._read_text(file)

    @work(thread=True, exclusive=True, exit_on_error=False, group="clip")
    def _read_text(self, file: OpenFile) -> None:
        try:
            self.post_message(TextRead(file.whole_text()))
        except FormatError as error:
            self.post_message(FileFailed(f"The file cannot be read to its end: {error}."))

    @on(TextRead)
    def _on_clipped(self, message: TextRead) -> None:
        self._clip(message.text, f"the text, {human_size(len(message.text.encode()))}")

    def _clip(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(what, title="Copied", markup=False, timeout=3)

    def action_extract(self) -> None:
        """Ask where to write the file."""
        from layerscope.tui.dialogs.extract import ExtractScreen  # noqa: PLC0415  # when it is asked for

        version = self._state.version
        self.app.push_screen(ExtractScreen(version.opened, version.node, version.at, self._glyphs))

    def action_pager(self) -> None:
        """Open a copy in the user's pager."""
        self._hand_over(("PAGER",), "less")

    def action_editor(self) -> None:
        """Open a copy in the user's editor."""
        self._hand_over(("VISUAL", "EDITOR"), "vi")

    def _hand_over(self, variables: tuple[str, ...], default: str) -> None:
        if self._state.file is None:
            return
        try:
            check_copied_size(self._state.file.pages.size)
            command = user_command(variables, default)
        except UsageError as error:
            self._complain(f"{error}.")
        else:
            self._copy(self._state.file, command)

    @work(thread=True, exclusive=True, exit_on_error=False, group="copy")
    def _copy(self, file: OpenFile, command: list[str]) -> None:
        copy = PrivateCopy(file.path.rpartition(b"/")[2])
        try:
            copy.write(file.pages.chunks())
        except LayerscopeError as error:
            copy.close()
            self.post_message(FileFailed(f"The file cannot be copied: {error}."))
            return
        if get_current_worker().is_cancelled or not self.post_message(FileCopied(copy, command)):
            copy.close()

    @on(FileCopied)
    def _on_copied(self, message: FileCopied) -> None:
        problem = run_external_program(self.app, message.command, message.copy.path)
        message.copy.close()
        if problem:
            self._complain(problem)

    @on(FileFailed)
    def _on_failed(self, message: FileFailed) -> None:
        self._complain(message.sentence)

    def _complain(self, sentence: str) -> None:
        self.notify(printable_line(sentence), severity="warning", markup=False, timeout=5)
