"""The engine's replies, as far as they are used: https://docs.docker.com/reference/api/engine/.

A field that an engine leaves out has its default; one of another type makes the reply an unexpected answer.
"""

from collections.abc import Sequence

from msgspec import Struct, field

from layerscope.model.documents import Digest, HistoryEntry, RunConfig
from layerscope.model.engine import Engine
from layerscope.model.instruction import instruction_of

_ADDED, _REMOVED = 1, 2
_MAKE_LAYERS = ("RUN", "COPY", "ADD", "WORKDIR")


class EngineVersion(Struct, frozen=True):
    """The headers of an answer to ``/_ping``: the newest API version that the engine speaks, and which one it is.

    ``DOCKER_HOST`` may hold podman's address.
    """

    api: str
    engine: Engine


class ImageSummary(Struct, frozen=True):
    """One image of ``/images/json``; ``size`` in bytes as the engine counts it, ``created`` in seconds since 1970.

    ``namespace`` is one of containerd.
    """

    image_id: str = field(name="Id")
    tags: list[str] | None = field(default=None, name="RepoTags")
    size: int | None = field(default=None, name="Size")
    created: int | None = field(default=None, name="Created")
    shared_size: int = field(default=-1, name="SharedSize")
    digests: list[str] | None = field(default=None, name="RepoDigests")
    namespace: str | None = None


class _GraphDriver(Struct, frozen=True):
    data: dict[str, str] | None = field(default=None, name="Data")


class _RootFS(Struct, frozen=True):
    kind: str = field(default="", name="Type")
    layers: list[str] | None = field(default=None, name="Layers")


class ImageDetails(Struct, frozen=True):
    """An answer to ``/images/NAME/json``; ``size`` in bytes as the engine counts it.

    Podman's own API adds the history of the config, base first; ``namespace`` is one of containerd.
    """

    image_id: str = field(name="Id")
    tags: list[str] | None = field(default=None, name="RepoTags")
    size: int | None = field(default=None, name="Size")
    root: _RootFS = field(default_factory=_RootFS, name="RootFS")
    graph_driver: _GraphDriver | None = field(default=None, name="GraphDriver")
    created: str | None = field(default=None, name="Created")
    author: str | None = field(default=None, name="Author")
    architecture: str = field(default="", name="Architecture")
    os: str = field(default="", name="Os")
    variant: str | None = field(default=None, name="Variant")
    config: RunConfig | None = field(default=None, name="Config")
    podman_history: list[HistoryEntry] | None = field(default=None, name="History")
    namespace: str | None = None

    @property
    def digest(self) -> Digest:
        """The id as a digest, which podman writes without the algorithm; raises ValueError if it is not one."""
        return Digest.parse(self.image_id if ":" in self.image_id else f"sha256:{self.image_id}")

    @property
    def folders(self) -> list[str]:
        """The folders of the layers on the engine's machine, base first, if the driver is an overlay."""
        data = (self.graph_driver.data if self.graph_driver else None) or {}
        lower = data.get("LowerDir", "").split(":")[::-1]
        return [folder for folder in (*lower, data.get("UpperDir", "")) if folder]

    @property
    def diff_ids(self) -> list[str]:
        """The diff_ids of the layers, base first."""
        return self.root.layers or []


class EngineHistoryLine(Struct, frozen=True):
    """A line of ``/images/NAME/history``, the newest first; ``size`` in bytes, ``created`` in seconds since 1970.

    The engine does not say which lines made a layer.
    """

    size: int = field(default=0, name="Size")
    created: int = field(default=0, name="Created")
    created_by: str = field(default="", name="CreatedBy")
    comment: str = field(default="", name="Comment")


def layer_makers(lines: Sequence[EngineHistoryLine], layers: int) -> set[int]:
    """Return the positions of those lines of a history, base first, that made its layers.

    A line with a size made one. A layer may also be empty, so that instructions that usually make one fill the gap,
    then any others. The config, which comes with the layers, has the truth.
    """
    sized = [number for number, line in enumerate(lines) if line.size]
    others = [number for number, line in enumerate(lines) if not line.size]
    others.sort(key=lambda number: not (instruction_of(lines[number].created_by) or "").startswith(_MAKE_LAYERS))
    return {*sized, *others[: max(0, layers - len(sized))]}


class ContainerSummary(Struct, frozen=True):
    """One container of ``/containers/json?size=1``."""

    container_id: str = field(name="Id")
    names: list[str] | None = field(default=None, name="Names")
    image: str = field(default="", name="Image")
    state: str = field(default="", name="State")
    listed_size: int = field(default=0, name="SizeRw")
    whole_size: int | None = field(default=None, name="SizeRootFs")

    @property
    def writable_size(self) -> int | None:
        """The bytes of the writable layer: both engines leave a size of 0 out, and Docker writes -1 for unknown."""
        return None if self.whole_size is None or self.listed_size < 0 else self.listed_size


class _State(Struct, frozen=True):
    status: str = field(default="", name="Status")


class _Config(Struct, frozen=True):
    image: str = field(default="", name="Image")


class _Mount(Struct, frozen=True):
    kind: str = field(default="", name="Type")
    source: str = field(default="", name="Source")
    destination: str = field(default="", name="Destination")


class _HostConfig(Struct, frozen=True):
    tmpfs: dict[str, str] | None = field(default=None, name="Tmpfs")


class ContainerDetails(Struct, frozen=True):
    """An answer to ``/containers/NAME/json``; ``image_id`` names an image that may have been removed."""

    container_id: str = field(name="Id")
    name: str = field(default="", name="Name")
    image_id: str = field(default="", name="Image")
    state: _State = field(default_factory=_State, name="State")
    config: _Config = field(default_factory=_Config, name="Config")
    host_config: _HostConfig = field(default_factory=_HostConfig, name="HostConfig")
    mounts: list[_Mount] | None = field(default=None, name="Mounts")
    writable_size: int | None = field(default=None, name="SizeRw")


class PathChange(Struct, frozen=True):
    """A path that a container changed (kind 0), added (1) or removed (2); bytes that are not UTF-8 are U+FFFD."""

    path: str = field(name="Path")
    kind: int = field(name="Kind")

    @property
    def is_addition(self) -> bool:
        """True if lower layers do not have the path."""
        return self.kind == _ADDED

    @property
    def is_removal(self) -> bool:
        """True if the container does not have the path any more."""
        return self.kind == _REMOVED


class EngineInfo(Struct, frozen=True):
    """An answer to ``/info``: the storage driver, facts about it, and the folder of the engine's data."""

    driver: str = field(default="", name="Driver")
    driver_status: list[list[str]] | None = field(default=None, name="DriverStatus")
    root: str = field(default="", name="DockerRootDir")

    @property
    def backing_filesystem(self) -> str | None:
        """The file system below the storage driver, as the engine reports it."""
        return next((row[1] for row in self.driver_status or () if row[:1] == ["Backing Filesystem"] and row[1:]), None)

    @property
    def uses_containerd(self) -> bool:
        """True if images are in containerd's content store: ``driver`` is then a snapshotter, and an id an index."""
        return ["driver-type", "io.containerd.snapshotter.v1"] in (self.driver_status or ())
