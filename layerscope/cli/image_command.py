"""Commands about one image: the parameters that all of them have are written once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from inspect import Parameter, Signature, signature
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from layerscope.cli.opening import opened
from layerscope.cli.options import DebugLog, NoCache, PlainHttp, Reference, WhichEngine, WhichImage, WhichPlatform
from layerscope.debug_log import start_log
from layerscope.session.image_session import ImageRequest, ImageSession

P = ParamSpec("P")
Result = TypeVar("Result")


class NamedImage(NamedTuple):
    """An image as the user names it on the command line."""

    request: ImageRequest
    no_cache: bool

    def opened(self, *, from_tables: bool = False) -> AbstractContextManager[ImageSession]:
        """Open the image, with progress; closing it removes temporary files."""
        return opened(self.request._replace(from_tables=from_tables), no_cache=self.no_cache)


def image_command(function: Callable[Concatenate[NamedImage, P], Result]) -> Callable[..., Result]:
    """Return a command that has the parameters of a function, with those that name the image in place of the first."""

    def command(  # the parameters that Typer passes by name
        *,
        reference: Reference,
        image: WhichImage = None,
        platform: WhichPlatform = None,
        engine: WhichEngine = None,
        _plain_http: PlainHttp = False,
        no_cache: NoCache = False,
        debug: DebugLog = None,
        **own: Any,
    ) -> Result:
        start_log(debug)
        named = NamedImage(ImageRequest(reference, image, platform, engine), no_cache)
        return function(named, **own)  # type: ignore[call-arg]  # P.kwargs

    *shared, _ = signature(command).parameters.values()
    _, *own = signature(function).parameters.values()
    parameters = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in (shared[0], *own, *shared[1:])]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # of a function object
    command.__doc__ = function.__doc__
    return command
