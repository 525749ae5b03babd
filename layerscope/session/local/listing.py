"""The images and containers of the local engines."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

from layerscope.errors import EngineUnavailable
from layerscope.model.engine import Engine
from layerscope.sources.engine.answering import AnsweringEngines
from layerscope.sources.engine.client import EngineClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """The images or containers of the engines that answer.

    ``refusals`` has a sentence about each engine that was configured or found, and did not answer. ``unavailable`` is
    the error for when none has answered.
    """

    found: list[T]
    refusals: tuple[str, ...] = ()
    unavailable: EngineUnavailable | None = None

    def checked(self) -> "Listing[T]":
        """Return this listing; raises EngineUnavailable if no engine has answered."""
        if self.unavailable is not None:
            raise self.unavailable
        return self


def listing_of(engine: Engine | None, items: Callable[[EngineClient], list[T]]) -> Listing[T]:
    """Return what one engine has, or all of them."""
    with ExitStack() as stack:
        engines, listed = AnsweringEngines(engine, stack), list[list[T]]()
        for client in engines:
            try:
                listed.append(items(client))
            except EngineUnavailable as error:
                engines.refusals.append(str(error))
        found = [item for each in listed for item in each]
        return Listing(found, tuple(engines.refusals), None if listed else engines.unavailable())
