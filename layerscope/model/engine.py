"""The container engines that are supported. Alone in its file because the help of commands imports nothing else."""

from enum import StrEnum


class Engine(StrEnum):
    """An engine, in the order in which they are tried."""

    DOCKER = "docker"
    PODMAN = "podman"
    CONTAINERD = "containerd"
