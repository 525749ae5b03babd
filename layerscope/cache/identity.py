"""Names for the bytes of layers.

A diff_id names a layer only where it is known that the layer's bytes have it: they were hashed, or an engine has
checked them. That an archive states a diff_id is a claim: an archive that lies must not change what is shown of an
honest image. What an archive holds is kept under the identity of its file, and serves that file alone.
"""

import os
import time
from collections.abc import Sequence

from layerscope.model.image import FileSpan, Layer, version_of

_UNSETTLED_NANOSECONDS = 2_000_000_000
"""The time after a change in which another change may get the same time stamp, at the coarsest clock of a file system.

git calls an entry of its index racy then: https://git-scm.com/docs/racy-git
"""


def layer_identity(layer: Layer) -> str | None:
    """Return a name that no other bytes have than those of the layer now, or None if there is none."""
    if layer.verified and layer.diff_id is not None:
        return str(layer.diff_id)
    if layer.table is not None and layer.blob is None:
        # what a table says is a claim about the blob, and never taken for its bytes
        return f"table {layer.table.digest} of {layer.digest}"
    span = layer.blob or layer.packed_blob
    return None if span is None else span_identity(span)


def span_identity(span: FileSpan) -> str | None:
    """Return the identity of the user's file and the range of the span in it, or in what it was decompressed to.

    None for a file that has just been changed. Unlike the time of modification, which ``touch`` and reproducible builds
    set, the change time cannot be set.
    """
    file = span.packed or span
    if file.version is None or span.truncated:
        return None
    try:
        status = os.stat(file.path)  # noqa: PTH116  # a path, and no Path anywhere else here
    except OSError:
        return None
    is_settled = time.time_ns() - status.st_ctime_ns > _UNSETTLED_NANOSECONDS
    if not is_settled or version_of(status) != file.version:
        return None
    version = " ".join(map(str, (*file.version, status.st_ctime_ns)))
    where = "decompressed" if span.packed else "file"
    return f"{where} {version} from {span.offset} to {span.offset + span.size}"


def chain_identity(identities: Sequence[str | None]) -> str | None:
    """Return the name of layers on top of each other, base first, or None if one has none."""
    return "\n".join(identity for identity in identities if identity) if all(identities) else None
