"""The layers of an image in a registry, fetched over several connections, hashed while they stream, then checked."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from queue import Empty, SimpleQueue

from msgspec.structs import replace

from layerscope.errors import DigestMismatch, FormatError, ReadingStopped, SourceError
from layerscope.model.entries import LayerEntries
from layerscope.model.image import Layer, Listing
from layerscope.model.progress import ExportProgress
from layerscope.sources.layer.verification import actual_diff_id
from layerscope.sources.registry.client import RegistryClient
from layerscope.sources.registry.hosts import RegistryName
from layerscope.sources.registry.table import fetched_table
from layerscope.sources.request import KnownImages
from layerscope.sources.stream.compression import detect_span
from layerscope.sources.stream.spool import Spool, write_all

_CONNECTIONS = 4
_LOOK_AGAIN = 0.1
"""Seconds between two looks at whether the work is still wanted."""

_PROGRESS_STEP = 1024 * 1024
"""Bytes between two reports."""


def fetch_layers(
    name: RegistryName,
    spool: Spool,
    layers: Sequence[Layer],
    check: Callable[[], None],
    listing: Listing | None = None,
    *,
    known: KnownImages | None = None,
) -> Iterator[ExportProgress | Layer]:
    """Yield progress, and each layer with its content once that has come whole, in the order of arrival.

    Each blob is fetched once, the first ones first, and must have its digest and its size. A layer that cannot be had,
    or whose bytes do not have its diff_id, comes with a ``problem``; the others are listed while they are hashed, if
    there is a ``listing``. What ``check`` raises ends all requests.

    A layer with a table of contents comes with that alone, or, where it cannot be taken, whole and without it.
    """
    by_blob: dict[object, list[Layer]] = {}
    for layer in layers:
        by_blob.setdefault((layer.digest or layer.number, layer.table), []).append(layer)
    sharing = {same[0].number: same for same in by_blob.values()}
    total = sum(same[0].blob_size or 0 for same in sharing.values() if same[0].table is None)
    done = reported = 0
    with closing(RegistryClient(name)) as client:
        fetch = _LayerFetch(client, spool, known, listing)
        yield ExportProgress(0, total)
        for event in fetch.events([same[0] for same in sharing.values()], check):
            if isinstance(event, int):
                done += event
                if done - reported >= _PROGRESS_STEP:
                    reported = done
                    yield ExportProgress(done, max(done, total))
                continue
            fetched, entries = event
            for layer in sharing[fetched.number]:
                own = replace(fetched, number=layer.number)
                if listing is not None and entries is not None:
                    listing.take(own, entries)
                yield own


_Fetched = tuple[Layer, LayerEntries | None]


class _LayerFetch:
    """Fetches layers in several threads."""

    def __init__(
        self, client: RegistryClient, spool: Spool, known: KnownImages | None, listing: Listing | None
    ) -> None:
        self._client = client
        self._spool = spool
        self._known = known
        self._listing = listing
        self._events = SimpleQueue[int | Future[_Fetched]]()
        self._is_stopped = False

    def events(self, layers: Sequence[Layer], check: Callable[[], None]) -> Iterator[int | _Fetched]:
        """Yield the numbers of bytes as they come, and each layer that has come, with its entries."""
        left = len(layers)
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            try:
                for layer in layers:
                    pool.submit(self._fetched, layer).add_done_callback(self._events.put)
                while left:
                    with suppress(Empty):
                        # a registry may be silent for a minute, or ask to wait as long
                        event = self._events.get(timeout=_LOOK_AGAIN)
                        left -= isinstance(event, Future)
                        yield event.result() if isinstance(event, Future) else event
                    check()
            finally:
                if left:
                    self._is_stopped = True
                    self._client.cancel()
                    pool.shutdown(cancel_futures=True)

    def _fetched(self, layer: Layer) -> _Fetched:
        """Return a layer with its content, and its entries; raises ReadingStopped once the client is cancelled."""
        digest = layer.digest
        if digest is None:
            return replace(layer, problem="the manifest does not name its blob"), None
        try:
            if layer.table is not None and (fetched := fetched_table(self._client, layer, self._known)):
                data, entries = fetched
                kept = self._spool.file(lambda file: write_all(file, data), "a table of contents")
                return replace(layer, table=replace(layer.table, file=kept)), entries
            layer = replace(layer, table=None)
            with self._spool.new_file(f"a layer of {self._client.name.title}") as file:
                for chunk in self._client.blob(digest, layer.blob_size):
                    write_all(file, chunk)
                    self._events.put(len(chunk))
                span = file.span
            return self._checked(replace(layer, blob=span, compression=detect_span(span)))
        except ReadingStopped:
            raise
        except (FormatError, SourceError) as error:
            contradicts = "digest" if isinstance(error, DigestMismatch) else None
            return replace(layer, problem=str(error), contradicts=contradicts), None

    def _checked(self, layer: Layer) -> _Fetched:
        """Return a layer as verified, or with a problem if it has other bytes; the reader says why a stream breaks."""
        entries, needs = (None, None) if self._listing is None else (LayerEntries(), self._listing.needs)
        found = actual_diff_id(layer, entries, lambda: self._is_stopped, needs)
        if found is None or layer.diff_id is None:
            return layer, None
        if found != layer.diff_id:
            problem = f"its bytes have the diff_id {found.short}, not {layer.diff_id.short} as stated"
            return replace(layer, blob=None, problem=problem, contradicts="diff_id"), None
        return replace(layer, verified=True), entries
