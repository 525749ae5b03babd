"""layerscope as a plug-in of the Docker CLI: ``docker layerscope my-app:v1``.

docker starts the plug-in with its whole command line, and waits for it. First it asks what the plug-in is, which
`layerscope.__main__` answers.

https://github.com/docker/cli/blob/master/cli-plugins/metadata/metadata.go; https://github.com/docker/cli/issues/1534;
https://github.com/docker/cli/blob/master/cli-plugins/socket/socket.go
"""

import os
import signal
import socket
from collections.abc import Sequence
from getopt import GetoptError, getopt
from pathlib import Path

from layerscope.errors import UsageError, os_reason
from layerscope.signals import call_at_input
from layerscope.text import printable_name

PROGRAM = "docker layerscope"

RUN = ("docker-plugin", "run")
"""The arguments with which the installed plug-in starts layerscope; those of docker follow."""

COMPLETION_REQUESTS = ("__complete", "__completeNoDesc")
"""The requests of Cobra, docker's library for command lines: words follow, and the last one is to be completed."""

_NAME = "layerscope"
_MARK = "# The layerscope plug-in of the Docker CLI: layerscope docker-plugin remove deletes this file."
_LONGEST = 100_000

_SHORT_OPTIONS = "c:H:l:Dhv"
_OPTIONS = ("context=", "host=", "config=", "log-level=", "debug", "help", "version", "tls", "tlsverify")


def plugin_file() -> Path:
    """Return the file of the plug-in, in the configuration folder of the Docker CLI."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "cli-plugins" / "docker-layerscope"


def plugin_script(command: str) -> str:
    """Return the text of the plug-in, which runs a command of the shell."""
    return f'#!/bin/sh\n{_MARK}\nexec {command} {" ".join(RUN)} "$@"\n'


def is_installed(file: Path) -> bool:
    """Return True if the plug-in is installed, False if there is no such file; raises UsageError if it is not ours."""
    try:
        if file.is_symlink() or (file.exists() and not _is_ours(file)):
            raise UsageError(f"{printable_name(str(file))} was not written by layerscope: move it away first")
        return file.exists()
    except OSError as error:
        raise UsageError(f"{printable_name(str(file))}: {os_reason(error)}") from error


def _is_ours(file: Path) -> bool:
    return file.is_file() and file.stat().st_size < _LONGEST and _MARK.encode() in file.read_bytes().splitlines()


def arguments_of(line: Sequence[str]) -> list[str]:
    """Return the arguments in a command line of docker: what follows ``layerscope``.

    The options before it say which engine docker means, and so does the environment afterwards: what is started from
    here, as ``docker build``, means the same one. Raises UsageError for options that layerscope cannot pass on.
    """
    asks_for_help = line[:1] == ["help"]
    try:
        options, rest = getopt(list(line[asks_for_help:]), _SHORT_OPTIONS, _OPTIONS)
    except GetoptError as error:
        raise UsageError(f"docker layerscope: {error.msg}; a context or DOCKER_HOST can name the engine") from error
    for name, value in options:
        _use_option(name, value.removeprefix("=") if not name.startswith("--") else value)
        asks_for_help |= name in ("-h", "--help")
    if rest[:1] != [_NAME]:
        raise UsageError("only docker can run the plug-in: docker layerscope IMAGE")
    return [*rest[1:], *(["--help"] if asks_for_help else [])]


def _use_option(name: str, value: str) -> None:
    environment = os.environ
    match name:
        case "--config":
            environment["DOCKER_CONFIG"] = value
        case "-H" | "--host":
            environment["DOCKER_HOST"] = value
        case "-c" | "--context":
            environment["DOCKER_CONTEXT"] = value
            # it wins over a context of the environment, and is docker's default context
            if value != "default":
                environment.pop("DOCKER_HOST", None)
        case "--tls" | "--tlsverify":
            folder = environment.get("DOCKER_CONFIG") or f"{Path.home()}/.docker"
            environment.setdefault("DOCKER_CERT_PATH", folder)
            if name == "--tlsverify":
                environment["DOCKER_TLS_VERIFY"] = "1"


def end_with_docker() -> None:
    """End this process when docker closes its socket: the user has stopped docker, which may have no terminal."""
    address = os.environ.pop("DOCKER_CLI_PLUGIN_SOCKET", "")
    if not address:
        return
    connection = socket.socket(socket.AF_UNIX)
    try:
        # docker writes the zero byte of an abstract address as @
        connection.connect(f"\0{address[1:]}" if address.startswith("@") else address)
    except OSError:
        # an older docker, or one that has ended
        connection.close()
        return
    call_at_input(connection.fileno(), lambda: _end_if_closed(connection))
    _end_if_closed(connection)


def _end_if_closed(connection: socket.socket) -> None:
    try:
        is_closed = not connection.recv(1, socket.MSG_DONTWAIT)
    except OSError as error:
        is_closed = not isinstance(error, BlockingIOError)
    if is_closed:
        signal.raise_signal(signal.SIGTERM)
