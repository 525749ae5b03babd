"""An image as an engine describes it, before any of its layers has been read."""

import time
from collections.abc import Sequence

from layerscope.model.digest import Digest
from layerscope.model.documents import HistoryEntry, ImageConfig, RootFS
from layerscope.model.image import Image, Layer
from layerscope.model.instruction import instruction_of
from layerscope.sources.engine.lookup import EngineImage
from layerscope.sources.engine.replies import EngineHistoryLine, EngineInfo
from layerscope.sources.image.history import pair_history
from layerscope.sources.image.origin import Origin

_MAKE_LAYERS = ("RUN", "COPY", "ADD", "WORKDIR")
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def described_image(found: EngineImage, info: EngineInfo, origin: Origin) -> Image | None:
    """Return an image whose layers are still to come, None where the engine does not say which it has.

    Podman says which lines of the history made a layer; for Docker that is solved as `_entries` does.
    """
    details = found.details
    try:
        diff_ids = [Digest.parse(diff_id) for diff_id in details.diff_ids]
        # with containerd, the id is that of an index
        config_digest = None if info.uses_containerd else details.digest
    except ValueError:
        return None
    if not details.root.kind:
        return None
    entries = details.podman_history
    if entries is None:
        entries = _entries(found.client.history(details.image_id)[::-1], len(diff_ids))
    layers = tuple(Layer(number, None, None, diff_id=diff_id) for number, diff_id in enumerate(diff_ids, 1))
    config = ImageConfig(
        details.architecture,
        details.os,
        details.variant or None,
        details.created,
        details.author,
        details.config,
        RootFS(diff_ids=diff_ids),
        entries,
    )
    steps, _ = pair_history(entries, len(layers))
    return Image(origin.reference, origin.docker, config, layers, steps, config_digest=config_digest)


def _entries(lines: Sequence[EngineHistoryLine], layers: int) -> list[HistoryEntry]:
    """Return the lines of the history, base first, with as many of them marked as makers of a layer as there are.

    A line with a size made one. A layer may also be empty, so that instructions that usually make one fill the gap,
    then any others. The config, which comes with the layers, has the truth.
    """
    sized = [number for number, line in enumerate(lines) if line.size]
    others = [number for number, line in enumerate(lines) if not line.size]
    others.sort(key=lambda number: not (instruction_of(lines[number].created_by) or "").startswith(_MAKE_LAYERS))
    made = {*sized, *others[: max(0, layers - len(sized))]}
    return [
        HistoryEntry(
            time.strftime(_TIME_FORMAT, time.gmtime(line.created)) if line.created > 0 else None,
            line.created_by or None,
            comment=line.comment or None,
            empty_layer=number not in made,
        )
        for number, line in enumerate(lines)
    ]
