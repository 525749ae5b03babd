"""The engines that answer."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Generic, NamedTuple, TypeVar

from layerscope.errors import EngineUnavailable, ImageNotFound, SourceError
from layerscope.model.engine import Engine
from layerscope.sources.engine.client import EngineClient
from layerscope.sources.engine.endpoints import endpoints

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """The result of looking a name up in an engine."""

    client: EngineClient
    found: T


class AnsweringEngines:
    """Clients of one engine or of all, each engine once, Docker before podman.

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
        """Yield the clients; once ``is_enough`` returns True, no engine is started for one."""
        seen: set[Engine] = set()
        for endpoint in endpoints(self._engine):
            if endpoint.engine in seen or (endpoint.is_command and is_enough()):
                continue
            client = self._resources.enter_context(EngineClient(endpoint))
            try:
                engine = client.engine
            except EngineUnavailable as error:
                self.refusals.append(str(error))
                continue
            if engine not in seen:
                seen.add(engine)
                yield client

    def look_up(
        self, find: Callable[[EngineClient], T | None], what: str, hint: Callable[[], str] = str
    ) -> list[Answer[T]]:
        """Ask each engine, and return the answers of those that have it, the preferred one first.

        An engine that says its version may still fail: podman is silent while another process locks its store. Where
        one has it, podman's service is not started to see whether podman has it, too.
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
            raise self._missing(lacking, what, hint()) if lacking else self.unavailable()
        return answers

    def _missing(self, lacking: list[Engine], what: str, hint: str) -> SourceError:
        refused = f" ({'; '.join(self.refusals)})" if self.refusals else ""
        article = "an" if what.startswith("image") else "a"
        has_none = f"{lacking[0]} has no" if len(lacking) == 1 else f"neither {' nor '.join(lacking)} has {article}"
        return ImageNotFound(f"{has_none} {what}{hint}{refused}")

    def unavailable(self) -> EngineUnavailable:
        """Return the error for when none has answered."""
        which = f"no {self._engine} engine" if self._engine else "no container engine"
        tried = f"tried {'; '.join(self.refusals)}" if self.refusals else "none is configured, and no socket was found"
        return EngineUnavailable(f"{which} answers ({tried})")
