"""Images exported with the podman command, for machines where its service does not run.

https://docs.podman.io/en/latest/markdown/podman-save.1.html. It runs only if the user asks for podman,
because podman creates its storage folders on its first run, which a mistyped file name should not cause.
"""

import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from typing import IO

from layerscope.errors import SourceError
from layerscope.model.span import FileSpan
from layerscope.sources.stream.spool import Spool
from layerscope.text import printable_line, short_name

_SAVE = ("podman", "image", "save", "--quiet", "--format", "docker-archive", "--")


def is_usable() -> bool:
    """Return True if podman is installed and not configured for a remote host."""
    return "CONTAINER_HOST" not in os.environ and shutil.which(_SAVE[0]) is not None


def save(name: str, spool: Spool) -> FileSpan:
    """Return the span of the exported archive; raises SourceError with podman's own message."""
    with ExitStack() as stack:
        messages = stack.enter_context(tempfile.TemporaryFile())
        process = stack.enter_context(
            subprocess.Popen(  # noqa: S603  # the name of an image, after the end of the options
                [*_SAVE, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages
            )
        )
        with ExitStack() as unfinished:
            unfinished.callback(process.kill)
            archive = spool.stream(_output(process), f"the image {short_name(name)}")
            unfinished.pop_all()
        if process.wait() != 0:
            raise SourceError(f"podman cannot export {short_name(name)}: {_last_line(messages)}")
        return archive


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise SourceError("podman has no output")
    return process.stdout


def _last_line(messages: IO[bytes]) -> str:
    messages.seek(0)
    lines = messages.read().decode("utf-8", "replace").strip().splitlines()
    return short_name(printable_line(lines[-1].removeprefix("Error: "))) if lines else "no reason given"
