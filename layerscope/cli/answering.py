"""Printing an answer that an earlier run may have given already."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from layerscope.cli.opening import say_left_out
from layerscope.report.json_document import NO_LIMIT, Limit
from layerscope.session.answers import Answers
from layerscope.session.image_session import ImageSession

_VARIABLES = ("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
"""The environment that decides how Rich prints."""


def print_answer(
    sessions: Sequence[ImageSession],
    question: Sequence[object],
    write: Callable[[TextIO], bool | None],
    limit: Limit = NO_LIMIT,
) -> None:
    """Print what ``write`` writes, or wrote when an earlier run was asked the same about the same images.

    The question has every option that changes the answer. ``write`` returns False if the answer is not to be kept;
    one with a ``limit`` is not, because what is left out is said beside it.
    """
    if limit.most is not None:
        write(sys.stdout)
        say_left_out(limit)
        return
    answers, asked = Answers(sessions), (*question, *_screen(sys.stdout))
    answer = answers.find(asked)
    if answer is not None:
        sys.stdout.write(answer)
        return
    recorder = _Recorder(sys.stdout)
    if write(recorder) is not False:
        sys.stdout.flush()
        answers.keep(asked, recorder.getvalue())


def _screen(file: TextIO) -> Sequence[object]:
    """Return what the answer looks like depends on."""
    if not file.isatty():
        return (file.encoding,)
    return (file.encoding, os.get_terminal_size(file.fileno()), *map(os.environ.get, _VARIABLES))


class _Recorder(io.StringIO):
    """Writes to a file, and keeps what was written."""

    def __init__(self, file: TextIO) -> None:
        super().__init__()
        self._file = file

    def write(self, text: str, /) -> int:
        self._file.write(text)
        return super().write(text)

    def flush(self) -> None:
        self._file.flush()

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed lets it be written, and the interpreter does not
        return self._file.encoding
