"""Builds by the engine's own command, with unchanged arguments."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from layerscope.errors import EngineUnavailable, SourceError
from layerscope.sources.engine.reference import ENGINES

_STDERR = 2


def build(arguments: Sequence[str]) -> str:
    """Run ``docker build`` (else ``podman build``) with the arguments, and return the reference of the image it made.

    The command's output goes to standard error. Raises EngineUnavailable if neither command is installed, and
    SourceError if the build fails or its image is not stored in the engine.
    """
    engine = next(filter(shutil.which, ENGINES), None)
    if engine is None:
        raise EngineUnavailable(f"cannot build: neither {' nor '.join(ENGINES)} is installed")
    with tempfile.TemporaryDirectory(prefix="layerscope-") as folder:
        id_file = Path(folder, "id")
        status = subprocess.run(  # noqa: S603  # the user's own arguments, to the engine's own command
            [engine, "build", "--iidfile", str(id_file), *arguments], stdout=_STDERR, check=False
        ).returncode
        if status != 0:
            raise SourceError(f"{engine} build failed with exit status {status}")
        return f"{engine}://{_image_id(id_file, engine)}"


def _image_id(file: Path, engine: str) -> str:
    """Return the id that the engine wrote; with an output other than its own store it writes none."""
    try:
        text = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{engine} build stored no image") from error
    if not text:
        raise SourceError(f"{engine} build stored no image")
    return text
