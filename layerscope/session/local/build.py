"""Builds by the engine's own command: arguments, output, exit status and Ctrl+C are passed through.

https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file; an option that is added must break none of the
user's: ``--iidfile`` fails beside most kinds of ``--output``, and replaces the user's own.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from layerscope.errors import EngineUnavailable, UsageError
from layerscope.model.engine import Engine
from layerscope.session.local.build_options import BuildOptions, build_options
from layerscope.session.local.captured_image import CapturedImage, Unreadable, captured_image
from layerscope.signals import interrupts_left_to_program
from layerscope.temporary import locked_folder
from layerscope.text import short_name

_BUILDX = b"github.com/docker/buildx"
BUILDAH = "buildah"
_OFF = ("0", "f", "false")
_PATIENCE = 10
"""Seconds that an engine has to answer before another builder is chosen."""

BUILDERS = {Engine.DOCKER.value: Engine.DOCKER, Engine.PODMAN.value: Engine.PODMAN, BUILDAH: Engine.PODMAN}
"""The commands that build, in the order in which they are tried, and the engine that stores their images."""


class _Metadata(Struct, frozen=True):
    digest: str = field(default="", name="containerimage.digest")
    config_digest: str = field(default="", name="containerimage.config.digest")


class ChosenBuilder(NamedTuple):
    """The command that builds; ``note`` says why it is not the one that comes first, if its engine does not answer."""

    command: str
    note: str | None = None


class BuildRun(NamedTuple):
    """A build that has ended: its command, the options, when it started, and the image that had the tag before.

    ``references`` name the image that it made, and the engine may know only one of them; empty if it made none that can
    be opened. ``note`` is that of the chosen builder.
    """

    builder: str
    options: BuildOptions
    started: datetime
    exit_status: int
    references: tuple[str, ...]
    previous: CapturedImage | Unreadable | None
    note: str | None = None

    @property
    def engine(self) -> Engine:
        """The engine that stores the images of the builder."""
        return BUILDERS[self.builder]


def run_build(arguments: Sequence[str], builder: str | None = None) -> BuildRun:
    """Run a builder with the arguments: ``docker build``, ``podman build`` or ``buildah build``.

    Raises as `chosen_builder` does.
    """
    builder, note = chosen_builder(builder)
    options = build_options(arguments)
    previous = captured_image(f"{BUILDERS[builder]}://{options.tags[0]}") if options.tags else None
    with ExitStack() as stack:
        result = locked_folder(stack) / "result"
        added = _added_options(builder, options, result)
        started = datetime.now(UTC)
        status = _run([builder, "build", *added, *arguments])
        references = _references(BUILDERS[builder], options, result) if status == 0 else ()
        return BuildRun(builder, options, started, status, references, previous, note)


def chosen_builder(builder: str | None) -> ChosenBuilder:
    """Return the builder that the user names, else the first one whose engine answers, else the first one.

    Raises EngineUnavailable if none is installed, and UsageError for the name of another one.
    """
    if builder is not None and builder not in BUILDERS:
        raise UsageError(f"--builder-command takes {', '.join(BUILDERS)}, not {short_name(builder) or 'nothing'}")
    installed = [name for name in BUILDERS if shutil.which(name) and builder in (None, name)]
    if not installed:
        missing = f"{builder} is not" if builder else f"none of {', '.join(BUILDERS)} is"
        raise EngineUnavailable(f"cannot build: {missing} installed")
    # only docker needs an engine that runs already
    reason = _refusal() if installed[0] == Engine.DOCKER and len(installed) > 1 else None
    if reason is None:
        return ChosenBuilder(installed[0])
    return ChosenBuilder(installed[1], f"{installed[1]} builds, because docker does not answer: {reason}")


def _refusal() -> str | None:
    """Return why docker cannot build, or None if it can."""
    try:
        ended = subprocess.run([Engine.DOCKER.value, "version"], capture_output=True, check=False, timeout=_PATIENCE)  # noqa: S603  # fixed words
    except subprocess.TimeoutExpired:
        return f"no answer in {_PATIENCE} s"
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    return None if ended.returncode == 0 else (lines or [f"exit status {ended.returncode}"])[-1]


def _added_options(builder: str, options: BuildOptions, result: Path) -> list[str]:
    """Return the option that makes the builder state the image, if the user gives none that does."""
    if options.asks_for_help or options.metadata_file:
        return []
    if builder == Engine.DOCKER and _uses_buildkit():
        return ["--metadata-file", str(result)]
    if options.id_file:
        return []
    # where it writes the id to a file, buildah does not print it; and the file has room for one id only
    prints_id = builder == BUILDAH and options.is_quiet
    return [] if options.outputs or prints_id or options.is_for_several_platforms else ["--iidfile", str(result)]


def _uses_buildkit() -> bool:
    """Return True if ``docker build`` runs BuildKit: by default it does where its plugin is installed."""
    if os.environ.get("DOCKER_BUILDKIT", "").lower() in _OFF:
        return False
    version = subprocess.run([Engine.DOCKER.value, "buildx", "version"], capture_output=True, check=False)  # noqa: S603  # fixed words
    return version.returncode == 0 and _BUILDX in version.stdout


def _run(command: Sequence[str]) -> int:
    """Return the exit status of a builder, which gets Ctrl+C itself; a signal that ended it gives 128 + its number."""
    with interrupts_left_to_program(), subprocess.Popen(command) as process:  # noqa: S603  # the user's arguments
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            raise
    return status if status >= 0 else 128 - status


def _references(engine: Engine, options: BuildOptions, result: Path) -> tuple[str, ...]:
    """Return the references of the image that was built; none if there is none to open."""
    for output in options.outputs:
        if output.is_archive:
            return (output.destination,)
    if options.is_only_pushed or (options.outputs and not any(output.is_stored for output in options.outputs)):
        return ()
    stated = [*_stated_digests(Path(options.metadata_file or result)), _stated_id(Path(options.id_file or result))]
    names = list(filter(None, stated)) or (options.tags[:1] if options.is_quiet else ())
    return tuple(f"{engine}://{name}" for name in dict.fromkeys(names))


def _stated_digests(metadata_file: Path) -> tuple[str, ...]:
    """Return the digests in BuildKit's metadata: that of the manifest, and that of the config.

    One of them is the id of the image in the engine, which depends on the engine's store where the builder is another.
    """
    try:
        stated = msgspec.json.decode(metadata_file.read_bytes(), type=_Metadata)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return stated.digest, stated.config_digest


def _stated_id(id_file: Path) -> str:
    try:
        text = id_file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if text.startswith("sha256:") else ""
