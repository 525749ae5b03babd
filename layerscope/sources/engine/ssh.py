"""A connection to an engine on another host, through the ssh command and the engine's own ``system dial-stdio``."""

import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from urllib.parse import quote, urlsplit

from layerscope.sources.engine.endpoints import Endpoint
from layerscope.sources.engine.reference import DOCKER

_SSH = ("ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
"""BatchMode makes an error of a question (a password, an unknown host key), because a pipe cannot answer it."""

_END_SECONDS = 2.0


class SshTunnel:
    """The ssh processes of one connection; `close` ends them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._processes: list[subprocess.Popen[bytes]] = []
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()

    def open(self) -> socket.socket:
        """Return a socket whose other end is the engine; raises OSError if ssh cannot be started."""
        command = self._command()
        if shutil.which(command[0]) is None:
            raise FileNotFoundError("ssh is not installed")
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  # the user's own host, after the end of the options
                command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=self._messages
            )
        self._processes.append(process)
        return ours

    def complaint(self) -> str:
        """Return the last line that ssh printed as an error."""
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
        self._messages.seek(0)
        lines = self._messages.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def _command(self) -> list[str]:
        url = urlsplit(self._endpoint.host)
        if not url.hostname or url.password:
            raise ValueError("an address like ssh://user@host is needed")
        options = [*(["-l", url.username] if url.username else []), *(["-p", str(url.port)] if url.port else [])]
        remote = ["docker"]
        if self._endpoint.engine != DOCKER:
            remote = ["podman", *(["--url", f"unix://{quote(url.path)}"] if url.path else [])]
        return [*_SSH, *options, "--", url.hostname, *remote, "system", "dial-stdio"]

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.terminate()
            process.wait()
        self._messages.close()
