"""The verdict: one sentence on the cause of the image's size."""

from collections.abc import Sequence

from layerscope.analysis.size.dead import DeadBytes, DeadReason
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.text import human_share, human_size, plural, printable_line, shortened

_INSTRUCTION_LENGTH = 60
"""The longest part of an instruction that the sentence repeats."""

_MOST_OF = 0.999
"""The share from which on a layer is said to be all of an image."""

_DONE = {
    DeadReason.OVERWRITTEN: "overwritten by a later layer",
    DeadReason.METADATA_ONLY: "stored again in full because their mode or owner changed",
    DeadReason.IDENTICAL: "stored again unchanged",
    DeadReason.DELETED: "deleted by a later layer",
    DeadReason.OPAQUE: "hidden by an opaque directory",
    DeadReason.REPLACED: "replaced by a path of another kind",
}


def verdict(layers: Sequence[LayerSize], dead: DeadBytes | None) -> str:
    """Return the sentence; ``layers`` come the largest first, ``dead`` is None if layers could not be read."""
    if not layers:
        return "The image has no layers."
    if dead is None:
        return _unknown(layers)
    total = sum(layer_size.content_size or 0 for layer_size in layers)
    if not total:
        return "The image holds no content."
    return f"{_largest_layer(layers[0], total)}, and {_dead(dead, total)}."


def _unknown(layers: Sequence[LayerSize]) -> str:
    broken = sum(layer_size.content_size is None for layer_size in layers)
    sentence = f"{plural(broken, 'layer')} could not be read whole, so the sums are unknown"
    known = [layer_size for layer_size in layers if layer_size.content_size]
    if not known:
        return f"{sentence}."
    size = human_size(known[0].content_size)
    return f"{sentence}; the largest of the others is layer {_named(known[0])} with {size}."


def _largest_layer(layer_size: LayerSize, total: int) -> str:
    named = f"Layer {_named(layer_size)}"
    if (layer_size.share or 0) >= _MOST_OF:
        return f"{named} makes up all of the {human_size(total)}"
    return f"{named} makes up {human_share(layer_size.content_size, total)} of the {human_size(total)}"


def _named(layer_size: LayerSize) -> str:
    shown = shortened(printable_line(layer_size.instruction or ""), _INSTRUCTION_LENGTH)
    return f"{layer_size.layer} ({shown})" if shown else str(layer_size.layer)


def _dead(dead: DeadBytes, total: int) -> str:
    if not dead.total:
        return "no bytes are dead"
    known = {reason: size for reason, size in dead.by_reason.items() if reason is not None}
    text = f"{human_size(dead.total)} ({human_share(dead.total, total)}) are dead"
    if not known:
        return text
    reason = max(known, key=known.__getitem__)
    part = "all" if known[reason] == dead.total else "most" if 2 * known[reason] > dead.total else "the largest part"
    return f"{text}, {part} of it {_DONE[reason]}"
