"""The details of the engine's storage that holds an image, and of a container."""

from typing import TYPE_CHECKING

from layerscope.model.image import Layer
from layerscope.model.local import Container, Mount, Storage
from layerscope.text import human_size, short_name
from layerscope.tui.widgets.field_list import Field

if TYPE_CHECKING:
    from layerscope.analysis.tree.copy_up import CopyUp

_UNKNOWN = "the engine does not report it"

_SHORT_ID = 12

_POSSIBLE_CHANGES = {
    (True, True): " to change nothing but its time",
    (True, False): " unchanged",
    (False, True): " to change its content or its time",
    (False, False): ", perhaps to change its content",
}
"""A change of none of the aspects that are known, by whether the content is known and whether the times differ."""


def container_fields(container: Container) -> list[Field]:
    """Return the details of a container; its mounts are listed because no layer has their content."""
    identity = f"{container.name}, {container.state}, {container.engine} {container.container_id[:_SHORT_ID]}"
    return [
        ("Container", short_name(identity)),
        ("Made from", short_name(container.image)),
        *(("Mount", _mount(mount)) for mount in container.mounts),
    ]


def _mount(mount: Mount) -> str:
    source = f" from {short_name(mount.source)}" if mount.source else ""
    return f"{short_name(mount.destination)}: {short_name(mount.kind)}{source}"


def storage_fields(storage: Storage) -> list[Field]:
    """Return how the engine stores the image, in two fields."""
    on = f" on {short_name(storage.backing_filesystem)}" if storage.backing_filesystem else ""
    driver = f"{short_name(storage.driver)}{on}" if storage.driver else f"driver: {_UNKNOWN}"
    return [
        ("Storage", f"{storage.engine}, {storage.store}, {driver}"),
        ("On write", storage.copy_on_write or _UNKNOWN),
    ]


def location_field(storage: Storage, layer: Layer) -> Field:
    """Return where the engine keeps a layer; nothing for that of a container until it is here."""
    number = layer.number - 1
    if layer.writable and layer.blob is None and layer.unpacked is None:
        return "Location", ""
    return "Location", short_name(storage.locations[number]) if number < len(storage.locations) else _UNKNOWN


def copy_up_words(copy: "CopyUp") -> str:
    """Return what a container did to a path of its image, and what that costs."""
    if copy.is_removed:
        return f"only hidden here: layer {copy.layer} still holds it"
    changed = " and ".join(copy.what.words)
    change = f" to change {changed}" if changed else _POSSIBLE_CHANGES[copy.is_settled, copy.has_other_time]
    return f"copied up from layer {copy.layer}{change}, which costs {human_size(copy.size)} here"
