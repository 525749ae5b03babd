"""Builds by the engine's own command: arguments, output, exit status and Ctrl+C are passed through.

https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file; an option that is added must break none of the
user's: ``--iidfile`` fails beside most kinds of ``--output``, and replaces the user's own.
"""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct, field

from layerscope.errors import EngineUnavailable
from layerscope.model.build_report import BuildReport
from layerscope.model.engine import Engine
from layerscope.session.local.build_options import BuildOptions, build_options
from layerscope.temporary import locked_folder

_STDERR = 2
_BUILDX = b"github.com/docker/buildx"
_OFF = ("0", "f", "false")


class _Metadata(Struct, frozen=True):
    digest: str = field(default="", name="containerimage.digest")


def build(arguments: Sequence[str]) -> BuildReport:
    """Run ``docker build`` (else ``podman build``) with the arguments, and report the image that it made.

    The command's output goes to stderr, unless it is the result of the build. Raises EngineUnavailable if neither
    command is installed.
    """
    engine = next(filter(shutil.which, Engine), None)
    if engine is None:
        raise EngineUnavailable(f"cannot build: neither {' nor '.join(Engine)} is installed")
    options = build_options(arguments)
    with ExitStack() as stack:
        result = locked_folder(stack) / "result"
        added = _added_options(engine, options, result)
        status = _run([engine, "build", *added, *arguments], None if options.uses_stdout else _STDERR)
        reference = _reference(engine, options, result) if status == 0 else None
        return BuildReport(engine, status, reference)


def _added_options(engine: str, options: BuildOptions, result: Path) -> list[str]:
    """Return the option that makes the builder state the image, if the user gives none that does."""
    if options.asks_for_help or options.metadata_file or options.id_file:
        return []
    if engine == Engine.DOCKER and _uses_buildkit():
        return ["--metadata-file", str(result)]
    return [] if options.outputs else ["--iidfile", str(result)]


def _uses_buildkit() -> bool:
    """Return True if ``docker build`` runs BuildKit: by default it does where its plugin is installed."""
    if os.environ.get("DOCKER_BUILDKIT", "").lower() in _OFF:
        return False
    version = subprocess.run([Engine.DOCKER, "buildx", "version"], capture_output=True, check=False)  # noqa: S603  # fixed words
    return version.returncode == 0 and _BUILDX in version.stdout


def _run(command: Sequence[str], stdout: int | None) -> int:
    """Return the exit status of a builder, which gets Ctrl+C itself; a signal that ended it gives 128 + its number."""
    with _interrupts_ignored(), subprocess.Popen(command, stdout=stdout) as process:  # noqa: S603  # the user's arguments
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            raise
    return status if status >= 0 else 128 - status


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Leave Ctrl+C to the builder, which cleans up; unlike SIG_IGN, a handler is not inherited by it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _reference(engine: str, options: BuildOptions, result: Path) -> str | None:
    """Return the reference of the image that was built, or None if there is none to open."""
    for output in options.outputs:
        if output.is_archive:
            return output.destination
    if options.outputs and not any(output.is_stored for output in options.outputs):
        return None
    digest = _stated_digest(Path(options.metadata_file or result)) or _stated_id(Path(options.id_file or result))
    return f"{engine}://{digest}" if digest else None


def _stated_digest(metadata_file: Path) -> str:
    """Return the digest in BuildKit's metadata, which is the id of the image in the engine."""
    try:
        return msgspec.json.decode(metadata_file.read_bytes(), type=_Metadata).digest
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _stated_id(id_file: Path) -> str:
    try:
        text = id_file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if text.startswith("sha256:") else ""
