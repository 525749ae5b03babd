"""Actions on the file that is shown: copy its digest, path or text, extract it, open it in another program."""

import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePath

from textual.app import App, SuspendNotSupported
from textual.screen import Screen
from textual.worker import get_current_worker

from layerscope.errors import FormatError, LayerscopeError, UsageError
from layerscope.extraction.private_copy import PrivateCopy, check_copied_size, user_command
from layerscope.signals import interrupts_left_to_program
from layerscope.text import copied_path, human_size, printable_line
from layerscope.tui.dialogs.extract import ExtractScreen
from layerscope.tui.file.background import FileActionFailed, FileCopied, FileHashed, TextRead, hash_file
from layerscope.tui.file.state import FileState, OpenFile
from layerscope.tui.services import copy_text, warn

_LARGEST_CLIP = 100_000
"""Bytes of a file that go to the clipboard: many terminals accept no more."""


def run_external_program(app: App[object], command: Sequence[str], file: Path) -> str | None:
    """Run a command with a file as its last argument; return a sentence that says why it failed, or None."""
    try:
        # Nothing may be raised in this block: Textual would not take the terminal back.
        with app.suspend(), interrupts_left_to_program():
            return _run(command, file)
    except SuspendNotSupported:
        return "Another program cannot use this terminal."


def _run(command: Sequence[str], file: Path) -> str | None:
    name = printable_line(command[0])
    try:
        # The command is the user's own, and the file is in a folder that only the user may enter.
        status = subprocess.run([*command, str(file)], check=False).returncode  # noqa: S603
    except OSError as error:
        return f"{name} cannot be started: {error.strerror}."
    return f"{name} ended with status {status}." if status else None


class FileActions:
    """The part of a file screen that copies from the file; its workers post their results to the screen."""

    def __init__(self, screen: Screen[None], state: FileState) -> None:
        self._screen = screen
        self._state = state
        self._asked_about: OpenFile | None = None

    def is_possible(self, action: str) -> bool:
        file = self._state.file
        if action in ("digest", "pager", "editor"):
            return file is not None
        return action != "copy_content" or (file is not None and file.encoding is not None)

    def copy_digest(self) -> None:
        """Copy the digest, and compute it first if it is not known."""
        if self._state.digest is not None:
            copy_text(self._screen, self._state.digest)
        elif self._state.file is not None and not self._state.file.pages.is_readable:
            warn(self._screen, "A sparse file of this size is not read to its end.")
        elif self._state.file is not None:
            self._run(partial(self._hash, self._state.file), "hash")

    def _run(self, work: Callable[[], None], group: str) -> None:
        self._screen.run_worker(work, thread=True, exclusive=True, exit_on_error=False, group=group)

    def _hash(self, file: OpenFile) -> None:
        worker = get_current_worker()
        try:
            for digest in hash_file(file.pages):
                if worker.is_cancelled:
                    return
                if digest:
                    self._screen.post_message(FileHashed(file, digest))
        except FormatError as error:
            self._fail(f"The file cannot be read to its end: {error}.")

    def take_digest(self, message: FileHashed) -> None:
        """Keep the digest, and copy it."""
        self._state.digest = message.digest
        copy_text(self._screen, message.digest)

    def copy_path(self) -> None:
        copy_text(self._screen, copied_path(self._state.revision.path))

    def copy_content(self) -> None:
        file = self._state.file
        if file is None:
            return
        if file.pages.size > _LARGEST_CLIP:
            warn(self._screen, f"Only a text of up to {human_size(_LARGEST_CLIP)} can be copied to the clipboard.")
        else:
            self._run(partial(self._read_text, file), "clip")

    def _read_text(self, file: OpenFile) -> None:
        try:
            self._screen.post_message(TextRead(file.whole_text()))
        except FormatError as error:
            self._fail(f"The file cannot be read to its end: {error}.")

    def take_text(self, message: TextRead) -> None:
        """Copy the text that was read."""
        copy_text(self._screen, message.text, f"the text, {human_size(len(message.text.encode()))}")

    def extract(self) -> None:
        """Ask where to write the file."""
        revision = self._state.revision
        self._screen.app.push_screen(ExtractScreen(revision.opened, revision.node, revision.at))

    def open_pager(self) -> None:
        """Open a copy in the user's pager; ask first if that may send binary data to the terminal as it is."""
        self._open_copy(("PAGER",), "less", is_pager=True)

    def open_editor(self) -> None:
        self._open_copy(("VISUAL", "EDITOR"), "vi")

    def _open_copy(self, variables: tuple[str, ...], default: str, *, is_pager: bool = False) -> None:
        file = self._state.file
        if file is None:
            return
        try:
            check_copied_size(file.pages.size)
            command = user_command(variables, default)
        except UsageError as error:
            warn(self._screen, f"{error}.")
            return
        name = PurePath(command[0]).name
        # less itself asks, and escapes control characters
        if is_pager and file.encoding is None and name != "less" and self._asked_about is not file:
            self._asked_about = file
            warn(self._screen, f"{name} may send binary data to the terminal: repeat the command to open it anyway.")
        else:
            self._run(partial(self._copy, file, command), "copy")

    def _copy(self, file: OpenFile, command: Sequence[str]) -> None:
        try:
            copy = PrivateCopy(file.path.rpartition(b"/")[2], file.pages.chunks())
        except LayerscopeError as error:
            self._fail(f"The file cannot be copied: {error}.")
            return
        if get_current_worker().is_cancelled or not self._screen.post_message(FileCopied(copy, command)):
            copy.close()

    def open_with(self, message: FileCopied) -> None:
        """Give the terminal to the program that a copy was written for, and remove the copy when it ends."""
        problem = run_external_program(self._screen.app, message.command, message.copy.path)
        message.copy.close()
        if problem:
            warn(self._screen, problem)

    def _fail(self, sentence: str) -> None:
        if not get_current_worker().is_cancelled:
            self._screen.post_message(FileActionFailed(sentence))
