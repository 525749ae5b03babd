"""The containers of the local engines."""

from contextlib import ExitStack

from layerscope.model.container import Container
from layerscope.sources.engine.answering import AnsweringEngines
from layerscope.sources.engine.replies import ContainerSummary


def local_containers() -> list[Container]:
    """Return the containers of all engines that answer; raises EngineUnavailable where none answers."""
    with ExitStack() as stack:
        engines = AnsweringEngines(None, stack)
        listed = [[_listed(client.engine, container) for container in client.containers()] for client in engines]
        if not listed:
            raise engines.unavailable()
    return [container for containers in listed for container in containers]


def _listed(engine: str, container: ContainerSummary) -> Container:
    name = (container.names or [""])[0].removeprefix("/")
    return Container(engine, container.container_id, name, container.image, container.state, container.writable_size)
