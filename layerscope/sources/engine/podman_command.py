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

import msgspec

from layerscope.errors import SourceError
from layerscope.model.progress import Progress
from layerscope.model.span import FileSpan
from layerscope.sources.engine.replies import ImageDetails
from layerscope.sources.stream.spool import Spool
from layerscope.text import printable_line, short_name

_PODMAN = "podman"
_INSPECT = (_PODMAN, "image", "inspect", "--")
_SAVE = (_PODMAN, "image", "save", "--quiet", "--format", "docker-archive", "--")


def is_usable() -> bool:
    """Return True if podman is installed and not configured for a remote host."""
    return "CONTAINER_HOST" not in os.environ and shutil.which(_PODMAN) is not None


def inspect(name: str) -> ImageDetails:
    """Return the facts about an image; raises SourceError with podman's own message."""
    done = subprocess.run([*_INSPECT, name], stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603  # the name of an image, after the end of the options
    if done.returncode != 0:
        raise _refused(name, done.stderr)
    try:
        (image,) = msgspec.json.decode(done.stdout, type=list[ImageDetails])
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise SourceError(f"podman cannot export {short_name(name)}: unexpected output of image inspect") from error
    return image


def save(name: str, image_id: str, spool: Spool, progress: Progress) -> FileSpan:
    """Return the span of the exported archive; raises SourceError with podman's own message."""
    with ExitStack() as stack:
        messages = stack.enter_context(tempfile.TemporaryFile())
        process = stack.enter_context(
            subprocess.Popen(  # noqa: S603  # the id of an image, after the end of the options
                [*_SAVE, image_id], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages
            )
        )
        with ExitStack() as unfinished:
            unfinished.callback(process.kill)
            archive = spool.stream(_output(process), f"the image {short_name(name)}", progress)
            unfinished.pop_all()
        if process.wait() != 0:
            messages.seek(0)
            raise _refused(name, messages.read())
        return archive


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise SourceError("podman has no output")
    return process.stdout


def _refused(name: str, messages: bytes) -> SourceError:
    lines = messages.decode("utf-8", "replace").strip().splitlines()
    reason = short_name(printable_line(lines[-1].removeprefix("Error: "))) if lines else "no reason given"
    return SourceError(f"podman cannot export {short_name(name)}: {reason}")
