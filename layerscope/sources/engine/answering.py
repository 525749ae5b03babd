"""The engines that answer."""

from collections.abc import Iterator
from contextlib import ExitStack

from layerscope.errors import EngineUnavailable
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.endpoints import endpoints


class AnsweringEngines:
    """Clients of one engine or of all, each engine once, Docker before podman.

    ``refusals`` says of every engine that was configured or found, and did not answer, why; complete after iterating.
    The clients close with ``resources``.
    """

    def __init__(self, engine: str | None, resources: ExitStack) -> None:
        self.refusals: list[str] = []
        self._engine = engine
        self._resources = resources

    def __iter__(self) -> Iterator[EngineClient]:
        seen: set[str] = set()
        for endpoint in endpoints(self._engine):
            client = self._resources.enter_context(EngineClient(endpoint))
            try:
                engine = client.engine
            except EngineUnavailable as error:
                self.refusals.append(str(error))
                continue
            if engine not in seen:
                seen.add(engine)
                yield client

    def unavailable(self) -> EngineUnavailable:
        """Return the error for when none has answered."""
        which = f"no {self._engine} engine" if self._engine else "no container engine"
        tried = f"tried {'; '.join(self.refusals)}" if self.refusals else "none is configured, and no socket was found"
        return EngineUnavailable(f"{which} answers ({tried})")
