"""Exports an image with podman's own command, for machines where its service does not run.

https://docs.podman.io/en/latest/markdown/podman-save.1.html. Only for who asks for podman: for a mistyped file name no
engine is started, since podman makes its storage folders when it runs first.
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
    """Tell whether podman can be run here, and is not told to work elsewhere."""
    return "CONTAINER_HOST" not in os.environ and shutil.which(_SAVE[0]) is not None


def save(name: str, spool: Spool) -> FileSpan:
    """Return where the archive of the image lies now; raises SourceError, in podman's own words."""
    with ExitStack() as stack:
        complaints = stack.enter_context(tempfile.TemporaryFile())
        process = stack.enter_context(
            subprocess.Popen(  # noqa: S603  # an argument that names an image, behind the end of the options
                [*_SAVE, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            )
        )
        with ExitStack() as unfinished:
            unfinished.callback(process.kill)
            archive = spool.stream(_output(process), f"the image {short_name(name)}")
            unfinished.pop_all()
        if process.wait() != 0:
            raise SourceError(f"podman cannot export {short_name(name)}: {_last_line(complaints)}")
        return archive


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise SourceError("podman has no output to read")
    return process.stdout


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return short_name(printable_line(lines[-1].removeprefix("Error: "))) if lines else "it does not say why"
