"""The containers of the local engines."""

from layerscope.model.engine import Engine
from layerscope.model.local import Container
from layerscope.session.local.listing import Listing, listing_of
from layerscope.sources.engine.replies import ContainerSummary


def local_containers(engine: Engine | None = None) -> Listing[Container]:
    """Return the containers of one engine or of all."""
    return listing_of(engine, lambda client: [_listed(client.engine, container) for container in client.containers()])


def _listed(engine: Engine, container: ContainerSummary) -> Container:
    name = (container.names or [""])[0].removeprefix("/")
    return Container(engine, container.container_id, name, container.image, container.state, container.writable_size)
