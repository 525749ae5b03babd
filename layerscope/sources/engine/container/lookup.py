"""A container of a local engine, by name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from layerscope.errors import ImageNotFound
from layerscope.model.container import Container, Mount
from layerscope.model.engine import Engine
from layerscope.sources.engine.answering import AnsweringEngines
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.reference import EngineReference
from layerscope.sources.engine.replies import ContainerDetails
from layerscope.text import short_name


class EngineContainer(NamedTuple):
    """A container, the id of its image, and a client of its engine; ``notes`` are sentences about other engines."""

    container: Container
    image_id: str
    client: EngineClient
    notes: tuple[str, ...]


@contextmanager
def engine_container(reference: EngineReference) -> Iterator[EngineContainer]:
    """Look a container up by name or id, and yield the one of the first engine that has it; the client closes then.

    Raises ImageNotFound where the engines that answer do not have it, and EngineUnavailable where none answers.
    """
    name = reference.name
    with ExitStack() as stack:
        engines = AnsweringEngines(reference.engine, stack)
        (client, details), *others = engines.look_up(
            lambda client: _details(client, name), f"container {short_name(name)}"
        )
        also = [
            f"another engine has a container of that name, too: container://{other.client.engine}/{name}"
            for other in others
        ]
        container = _container(client.engine, details)
        yield EngineContainer(container, details.image_id, client, (*also, *engines.refusals))


def _details(client: EngineClient, name: str) -> ContainerDetails | None:
    try:
        return client.container(name)
    except ImageNotFound:
        return None


def _container(engine: Engine, details: ContainerDetails) -> Container:
    mounts = [Mount(mount.kind, mount.source, mount.destination) for mount in details.mounts or ()]
    listed = {mount.destination for mount in mounts}
    # Docker lists no mount for --tmpfs
    mounts += [Mount("tmpfs", "", path) for path in details.host_config.tmpfs or () if path not in listed]
    name, state = details.name.removeprefix("/"), details.state.status
    return Container(engine, details.container_id, name, details.config.image, state, mounts=tuple(mounts))
