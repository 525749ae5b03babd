"""The engines that answer."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Generic, NamedTuple, TypeVar

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.engine import Engine
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.containerd import ContainerdClient
from layerscope.sources.engine.endpoints import Endpoint, endpoints

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """The result of looking a name up in an engine."""

    client: EngineClient
    found: T


def client_of(endpoint: Endpoint) -> EngineClient:
    """Return a client of the engine at an address, which it has still to connect to."""
    if endpoint.engine is not Engine.CONTAINERD:
        return EngineClient(endpoint)
    return ContainerdClient(endpoint)


class AnsweringEngines:
    """Clients of one engine or of all, each engine once, in their order.

    ``refusals`` says of every engine that was configured or found, and did not answer, why; complete after iterating.
    The clients close with ``resources``.
    """

    def __init__(self, engine: Engine | None, resources: ExitStack) -> None:
        self.refusals: list[str] = []
        self._engine = engine
        self._resources = resources

    def __iter__(self) -> Iterator[EngineClient]:
        return self._clients(bool)

    def _clients(self, is_enough: Callable[[], bool]) -> Iterator[EngineClient]:
        """Yield the clients; once ``is_enough`` returns True, no program is started for one."""
        seen: set[Engine] = set()
        for endpoint in endpoints(self._engine):
            is_program = endpoint.is_command or endpoint.engine is Engine.CONTAINERD
            if endpoint.engine in seen - {Engine.CONTAINERD} or (is_program and is_enough()):
                continue
            client = self._resources.enter_context(client_of(endpoint))
            try:
                engine = client.engine
            except EngineUnavailable as error:
                self.refuse(endpoint, error, others=bool(seen))
                continue
            # two of containerd, k3s' beside the machine's own, have images of their own
            if engine not in seen or engine is Engine.CONTAINERD:
                seen.add(engine)
                yield client

    def refuse(self, endpoint: Endpoint, error: EngineUnavailable, *, others: bool) -> None:
        """Note why an engine does not answer, unless nobody misses it where others do."""
        if not (endpoint.is_optional and others):
            self.refusals.append(str(error))

    def look_up(
        self, find: Callable[[EngineClient], T | None], what: str, hint: Callable[[], str] = str
    ) -> list[Answer[T]]:
        """Ask each engine, and return the answers of those that have it, the preferred one first.

        An engine that says its version may still fail: podman is silent while another process locks its store. Where
        one has it, no program is started to see whether podman or containerd has it, too.
        Raises ImageNotFound where no engine that answers has ``what``, with a ``hint``, and EngineUnavailable where
        none answers.
        """
        answers, lacking = list[Answer[T]](), list[Engine]()
        for client in self._clients(lambda: bool(answers)):
            try:
                found = find(client)
            except EngineUnavailable as error:
                self.refusals.append(str(error))
                continue
            if found is None:
                lacking.append(client.engine)
            else:
                answers.append(Answer(client, found))
        if not answers:
            raise self._missing(list(dict.fromkeys(lacking)), what, hint()) if lacking else self.unavailable()
        return answers

    def _missing(self, lacking: list[Engine], what: str, hint: str) -> SourceError:
        refused = f" ({'; '.join(self.refusals)})" if self.refusals else ""
        article = "an" if what.startswith("image") else "a"
        has_none = f"{lacking[0]} has no" if len(lacking) == 1 else f"neither {' nor '.join(lacking)} has {article}"
        return ImageNotFound(f"{has_none} {what}{hint}{refused}")

    def unavailable(self) -> EngineUnavailable:
        which = f"no {self._engine} engine" if self._engine else "no container engine"
        tried = f"tried {'; '.join(self.refusals)}" if self.refusals else "none is configured, and no socket was found"
        return EngineUnavailable(f"{which} answers ({tried})")
