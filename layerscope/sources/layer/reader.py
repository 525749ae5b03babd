"""The entries of one layer, read from its blob."""

from collections.abc import Callable, Generator
from contextlib import closing

from layerscope.errors import InvalidLayer, os_reason
from layerscope.model.content_facts import ContentNeeds
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer
from layerscope.sources.store.tar_split import TarSplitBlocks
from layerscope.sources.tar.blocks import TakeChunk, TarBlocks, TarPart, open_blocks
from layerscope.sources.tar.walk import walk


def read_layer(
    layer: Layer,
    entries: LayerEntries,
    is_stopped: Callable[[], bool] = bool,
    part: TarPart | None = None,
    *,
    needs: ContentNeeds | None = None,
    ahead: bool = True,
) -> Generator[int, None, None]:
    """Fill ``entries`` from the layer, or a part of its tar, and yield the stored bytes read, now and then.

    What is in ``needs`` of the content of a compressed layer is taken from the bytes that pass. A large gzip layer is
    decompressed ``ahead`` of the walk by a thread, which gains time only if a core is free.

    Nothing in the image makes it raise: where the layer cannot be read, ``entries.error`` is the reason. Once
    ``is_stopped`` returns True, it raises ReadingStopped.
    """
    part = part or TarPart()
    if layer.blob is None and layer.table is not None and layer.table.file is not None:
        # 10 ms, and few layers have a table
        from layerscope.sources.layer.table_content import listed_from_table  # noqa: PLC0415

        listed_from_table(layer, layer.table.file, entries)
        return
    try:
        blocks = _open_blocks(layer, is_stopped, part, content_taker(entries, needs), ahead=ahead)
    except (OSError, InvalidLayer) as error:
        entries.error = f"cannot read its blob: {os_reason(error)}" if isinstance(error, OSError) else str(error)
        return
    with closing(blocks):
        yield from walk(blocks, entries, part)
    if part.is_joined or entries.error is not None:
        return
    if layer.blob is not None and layer.blob.truncated:
        missing = layer.blob.stated_size - layer.blob.size
        entries.error = f"the archive ends {missing:,} bytes before the layer does"
    elif layer.short and not part.has_end:
        # some builders leave out the mark at the end, and some manifests state a wrong size
        entries.error = "its blob is shorter than the manifest says, and its tar has no end"


def content_taker(entries: LayerEntries, needs: ContentNeeds | None) -> TakeChunk | None:
    """Return a function that takes what is needed of the content of files, None if that is nothing."""
    if needs is None:
        return None
    # 10 ms: hashes, which a listing does not need
    from layerscope.sources.tar.content_taker import ContentTaker  # noqa: PLC0415

    return ContentTaker(entries, needs).take


def _open_blocks(
    layer: Layer, is_stopped: Callable[[], bool], part: TarPart, take_chunk: TakeChunk | None, *, ahead: bool
) -> TarBlocks:
    if layer.unpacked is not None:
        try:
            return TarSplitBlocks(layer.unpacked)
        except FileNotFoundError as error:
            raise InvalidLayer("the engine has removed it from its store") from error
    if layer.blob is None or layer.compression is None:
        raise InvalidLayer(layer.problem or "its blob is missing")
    return open_blocks(layer.blob, layer.compression, is_stopped, part, take_chunk, ahead=ahead)
