"""The ``layers`` document: an image, its layers and its steps."""

from typing import TextIO

from msgspec import Struct

from layerscope.analysis.tree.tally import LayerTally, Tallies
from layerscope.model.documents import RunConfig
from layerscope.model.image import Image, Layer, Step
from layerscope.model.local import Storage
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document


class ConfigPart(Struct):
    """The defaults for a container of the image; null where the image states none."""

    env: list[str] | None
    cmd: list[str] | str | None
    entrypoint: list[str] | str | None
    user: str | None
    workdir: str | None
    labels: dict[str, str] | None
    ports: list[str] | None
    volumes: list[str] | None


class ImagePart(Struct):
    """The image as a whole; ``content_size`` is null if a layer could not be read."""

    reference: str
    source: str
    tags: list[str]
    platform: str | None
    digest: str | None
    config_digest: str | None
    created: str | None
    content_size: int | None
    blob_size: int | None
    config: ConfigPart
    warnings: list[str]


class LayerPart(Struct):
    """One layer, and its changes to the layers before it."""

    layer: int
    digest: str | None
    diff_id: str | None
    media_type: str | None
    compression: str | None
    blob_size: int | None
    content_size: int | None
    instruction: str | None
    created_by: str | None
    created: str | None
    entries: int | None
    added: int | None
    modified: int | None
    removed: int | None
    dead_size: int | None
    error: str | None
    rests_on_incomplete: bool
    writable: bool
    listed_from: str
    warnings: list[str]

    @property
    def number(self) -> int:
        """The number of the layer; programs in Python read better with it."""
        return self.layer


class StepPart(Struct):
    """One history line, and the number of the layer that it made."""

    instruction: str | None
    created_by: str | None
    created: str | None
    layer: int | None


class LayerLocationPart(Struct):
    """The folder or file of one layer on the engine's machine."""

    layer: int
    path: str


class StoragePart(Struct):
    """The storage of the engine that holds the image; null for what it does not report."""

    engine: str
    store: str
    driver: str | None
    backing_filesystem: str | None
    copy_on_write: str | None
    locations: list[LayerLocationPart]
    namespace: str | None


class ContainerPart(Struct):
    """The container whose writable layer is the last one."""

    id: str
    name: str
    state: str


class MountPart(Struct):
    """A mount of the container, whose content is in no layer."""

    type: str
    source: str
    destination: str


class LayersDocument(Listing, kw_only=True):
    """The whole document; ``container`` is null for an image, ``storage`` for one that no engine holds."""

    image: ImagePart
    layers: list[LayerPart]
    steps: list[StepPart]
    storage: StoragePart | None
    container: ContainerPart | None
    mounts: list[MountPart]


def write_layers_document(image: Image, tallies: Tallies, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document."""
    write_document(layers_document(image, tallies, limit), file, limit=limit)


def layers_document(image: Image, tallies: Tallies, limit: Limit = NO_LIMIT) -> LayersDocument:
    """Return the document. The ``limit`` is that of layers, and that of steps."""
    container = image.container
    return LayersDocument(
        image=image_part(image, tallies),
        layers=[_layer_part(image.step(layer.number), tallies, layer) for layer in limit(image.layers)],
        steps=[StepPart(step.instruction, step.created_by, step.created, step.layer) for step in limit(image.steps)],
        storage=None if image.storage is None else _storage_part(image.storage),
        container=None if container is None else ContainerPart(container.container_id, container.name, container.state),
        mounts=[MountPart(mount.kind, mount.source, mount.destination) for mount in container.mounts]
        if container
        else [],
    )


def _storage_part(storage: Storage) -> StoragePart:
    locations = [LayerLocationPart(layer, path) for layer, path in enumerate(storage.locations, 1)]
    below = storage.driver, storage.backing_filesystem, storage.copy_on_write
    return StoragePart(storage.engine, storage.store, *below, locations, storage.namespace)


def image_part(image: Image, tallies: Tallies) -> ImagePart:
    """Return the image as a whole."""
    return ImagePart(
        reference=image.reference,
        source=image.source,
        tags=list(image.tags),
        platform=str(image.platform) or None,
        digest=_text(image.digest),
        config_digest=_text(image.config_digest),
        created=image.config.created,
        content_size=tallies.content_size,
        blob_size=image.blob_size,
        config=_config_part(image.config.config or RunConfig()),
        warnings=list(image.warnings),
    )


def _config_part(config: RunConfig) -> ConfigPart:
    process = config.env, config.cmd, config.entrypoint, config.user, config.working_dir
    ports, volumes = (None if names is None else list(names) for names in (config.exposed_ports, config.volumes))
    return ConfigPart(*process, config.labels, ports, volumes)


def _layer_part(step: Step, tallies: Tallies, layer: Layer) -> LayerPart:
    tally = tallies.layers.get(layer.number) or LayerTally(layer.number)
    return LayerPart(
        layer=layer.number,
        digest=_text(layer.digest),
        diff_id=_text(layer.diff_id),
        media_type=layer.media_type,
        compression=_text(layer.compression),
        blob_size=layer.blob_size,
        content_size=tally.content_size,
        instruction=step.instruction,
        created_by=step.created_by,
        created=step.created,
        entries=tally.entries,
        added=tally.added,
        modified=tally.modified,
        removed=tally.removed,
        dead_size=tallies.dead_in(layer.number),
        error=tally.error,
        rests_on_incomplete=tally.rests_on_incomplete,
        writable=layer.writable,
        listed_from="layer" if layer.table is None else "table",
        warnings=list(tally.warnings),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
