"""A container of a local engine, by name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from layerscope.errors import ImageNotFound
from layerscope.model.container import Container, Mount
from layerscope.sources.engine.answering import AnsweringEngines
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.replies import ContainerDetails
from layerscope.text import short_name


class EngineContainer(NamedTuple):
    """A container, the id of its image, and a client of its engine."""

    container: Container
    image_id: str
    client: EngineClient


@contextmanager
def engine_container(name: str, engine: str | None = None) -> Iterator[EngineContainer]:
    """Look a container up by name or id, and yield the one of the first engine that has it; the client closes then.

    Raises ImageNotFound where the engines that answer do not have it, and EngineUnavailable where none answers.
    """
    with ExitStack() as stack:
        engines, lacking = AnsweringEngines(engine, stack), list[str]()
        for client in engines:
            try:
                details = client.container(name)
            except ImageNotFound:
                lacking.append(client.engine)
                continue
            yield EngineContainer(_container(client.engine, details), details.image_id, client)
            return
        if not lacking:
            raise engines.unavailable()
        refused = f" ({'; '.join(engines.refusals)})" if engines.refusals else ""
        raise ImageNotFound(" and ".join(f"{each} has no container {short_name(name)}" for each in lacking) + refused)


def _container(engine: str, details: ContainerDetails) -> Container:
    mounts = [Mount(mount.kind, mount.source, mount.destination) for mount in details.mounts or ()]
    listed = {mount.destination for mount in mounts}
    # Docker lists no mount for --tmpfs
    mounts += [Mount("tmpfs", "", path) for path in details.host_config.tmpfs or () if path not in listed]
    name, state = details.name.removeprefix("/"), details.state.status
    return Container(engine, details.container_id, name, details.config.image, state, mounts=tuple(mounts))
