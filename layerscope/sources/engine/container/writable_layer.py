"""The writable layer of a container, on top of the layers of its image."""

from collections.abc import Sequence

from msgspec.structs import replace

from layerscope.model.candidate import Candidate
from layerscope.model.documents import ImageConfig
from layerscope.model.image import Compression, Image, Layer, Step
from layerscope.model.storage import Storage
from layerscope.sources.engine.container.copied_layer import CopiedLayer
from layerscope.sources.engine.container.lookup import EngineContainer
from layerscope.sources.engine.container.written_folder import written_folder
from layerscope.sources.engine.replies import EngineInfo
from layerscope.sources.image.choice import choose
from layerscope.sources.image.origin import Origin
from layerscope.sources.stream.spool import Spool
from layerscope.text import plural, printable_name, short_name

_MOST_NAMED = 5


def with_writable_layer(
    found: EngineContainer, info: EngineInfo, candidates: Sequence[Candidate], origin: Origin, spool: Spool
) -> Candidate:
    """Return a container as an image: the layers of its image, and the writable layer on top.

    ``candidates`` are what the engine has of its image; none where that has been removed, and the writable layer is all
    that can be shown. Raises SourceError where the layer cannot be read or kept.
    """
    container, warnings = found.container, list[str]()
    if candidates:
        image = choose(candidates, name=short_name(origin.reference)).build()
    else:
        warnings.append("the image of the container has been removed: only the writable layer can be shown")
        image = Image(origin.reference, origin.docker, ImageConfig(), (), ())
    layer, remarks = _writable_layer(found, info, image.layers, spool)
    title = f"writable layer of {container.name} ({container.state})"
    image = replace(
        image,
        layers=(*image.layers, layer),
        steps=(*image.steps, Step(None, comment=title, layer=layer.number)),
        warnings=(*image.warnings, *warnings, *remarks, *found.notes),
        container=container,
        container_image=image,
        storage=_with_location(image.storage, layer),
    )
    return Candidate(lambda: image, image.tags, image.platform, image.digest, image.config_digest)


def _writable_layer(
    found: EngineContainer, info: EngineInfo, lower: Sequence[Layer], spool: Spool
) -> tuple[Layer, list[str]]:
    """Return the layer, from the store or else through the API, and sentences about what differs from the container."""
    name = f"the writable layer of container {short_name(found.container.name)}"
    layer = Layer(len(lower) + 1, None, Compression.NONE, writable=True)
    folder = written_folder(found, info)
    unpacked = folder.layer(lower, spool, name) if folder else None
    if folder and unpacked:
        return replace(layer, unpacked=unpacked), _remarks(folder.named_as_whiteouts, [])
    copied = CopiedLayer(found, lower)
    return replace(layer, blob=spool.file(copied.write, name)), _remarks(copied.named_as_whiteouts, copied.left_out)


def _with_location(storage: Storage | None, layer: Layer) -> Storage | None:
    """Return the storage with the folder of a container's own layer, if those of all other layers are known."""
    if storage is None or layer.unpacked is None or len(storage.locations) != layer.number - 1:
        return storage
    return replace(storage, locations=(*storage.locations, layer.unpacked.folder))


def _remarks(named_as_whiteouts: Sequence[bytes], left_out: Sequence[bytes]) -> list[str]:
    remarks = []
    if left_out:
        remarks.append(f"{plural(len(left_out), 'path')} of the container cannot be shown: {_names(left_out)}")
    if named_as_whiteouts:
        names = _names(named_as_whiteouts)
        remarks.append(f"files named like whiteouts count as whiteouts, as in a commit of the container: {names}")
    return remarks


def _names(paths: Sequence[bytes]) -> str:
    return ", ".join(f"/{printable_name(path)}" for path in paths[:_MOST_NAMED])
