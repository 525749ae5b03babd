"""The container engines that are supported."""

from enum import StrEnum


class Engine(StrEnum):
    """An engine, in the order in which they are tried."""

    DOCKER = "docker"
    PODMAN = "podman"
