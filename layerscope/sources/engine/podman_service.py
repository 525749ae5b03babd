"""Podman's service, started for this run where none listens: podman itself needs none, and most users start none.

https://docs.podman.io/en/latest/markdown/podman-system-service.1.html
"""

import os
from contextlib import ExitStack
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layerscope.sources.engine.relay import Relay

SERVICE = ("podman", "system", "service")

_IDLE_SECONDS = 60
"""The time after which the service ends by itself, should this process be killed."""


def is_installed() -> bool:
    """Return True if there is podman's command."""
    return which(SERVICE[0]) is not None


def is_used() -> bool:
    """Return True if podman has run before as this user: its first run makes folders in the user's home."""
    root = "/var/lib" if os.geteuid() == 0 else os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(root, "containers", "storage").is_dir()


def start_service(resources: ExitStack) -> "Relay":
    """Start the service, and connect to it; raises OSError with podman's own message, and TimeoutError."""
    # processes and temporary folders, which a socket does not need
    from layerscope.sources.engine.relay import listening_program  # noqa: PLC0415
    from layerscope.temporary import locked_folder  # noqa: PLC0415

    local = locked_folder(resources) / "podman.sock"
    return listening_program([*SERVICE, f"--time={_IDLE_SECONDS}", f"unix://{local}"], local, resources)
