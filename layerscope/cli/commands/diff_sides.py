"""The two sides of ``layerscope diff``: two layers of one image, or two images."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from layerscope.cli.opening import opened, opened_all
from layerscope.errors import UsageError
from layerscope.model.engine import Engine
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.loaded_image import layer_number
from layerscope.text import printable_name

_RANGE = re.compile(r"([0-9]{1,9})\.\.([0-9]{1,9})")
_NUMBER = re.compile(r"[0-9]{1,9}")

T = TypeVar("T")


class LayerPair(NamedTuple):
    """Two layers, for the image as it is after each; 0 is before the first."""

    before: int
    after: int


class ImageChoice(NamedTuple):
    """The tag, the platform and the engine that select one image of several."""

    image: str | None
    platform: str | None
    engine: Engine | None


class Sides(NamedTuple):
    """Both sides: ``other`` is two layers of the image, or another image."""

    reference: str
    other: LayerPair | str
    choices: tuple[ImageChoice, ImageChoice]
    own: bool = False
    no_cache: bool = False

    @property
    def takes_standard_input(self) -> bool:
        """True if an archive comes on standard input; then stdout decides whether the user sits at a terminal."""
        return "-" in (self.reference, self.other)

    @contextmanager
    def opened(self) -> Iterator[tuple[ImageSession, ImageSession]]:
        """Open both images, or one for both sides; raises UsageError if it has no such layer."""
        old, new = self.choices
        if not isinstance(self.other, LayerPair):
            requests = [ImageRequest(self.reference, *old), ImageRequest(self.other, *new)]
            with opened_all(requests, no_cache=self.no_cache) as sessions:
                yield sessions[0], sessions[1]
            return
        with opened(ImageRequest(self.reference, *old), no_cache=self.no_cache) as session:
            for number in self.other:
                # before all layers are read
                if number or self.own:
                    layer_number(session.image, number)
            yield session, session


def parse_sides(
    reference: str,
    others: Sequence[str],
    images: Sequence[str] | None = None,
    platforms: Sequence[str] | None = None,
    engines: Sequence[Engine] | None = None,
    *,
    own: bool = False,
    no_cache: bool = False,
) -> Sides:
    """Return the sides that the arguments name; raises UsageError."""
    other, chosen = _other_side(reference, others), _choices(images, platforms, engines)
    if isinstance(other, LayerPair) and chosen[0] != chosen[1]:
        raise UsageError("two layers belong to one image: give --image, --platform and --engine once")
    if own and not isinstance(other, LayerPair):
        raise UsageError("--own compares two layers of one image, not two images")
    return Sides(reference, other, chosen, own, no_cache)


def _other_side(reference: str, others: Sequence[str]) -> LayerPair | str:
    """Return the two layers, or the second image; raises UsageError.

    One argument after the first image is a range of layers if it looks like one and no file has that name; two
    arguments are layers.
    """
    if len(others) == 1:
        (word,) = others
        if os.path.lexists(word):
            return word
        if found := _RANGE.fullmatch(word):
            return LayerPair(int(found[1]), int(found[2]))
        if _NUMBER.fullmatch(word):
            raise UsageError(f"{word} is one layer: give two, as in {_before(word)} {word} or {_before(word)}..{word}")
        if word == reference == "-":
            raise UsageError("standard input holds one archive: only one of the two images can be -")
        return word
    if len(others) > 2:  # noqa: PLR2004  # two layers
        raise UsageError("diff takes two images, or an image and two of its layers")
    for word in others:
        if not _NUMBER.fullmatch(word):
            raise UsageError(
                f"{printable_name(word) or 'nothing'} is not a layer number: diff takes an image and two layers"
            )
    return LayerPair(*map(int, others))


def _before(number: str) -> int:
    return max(0, int(number) - 1)


def _choices(
    images: Sequence[str] | None, platforms: Sequence[str] | None, engines: Sequence[Engine] | None
) -> tuple[ImageChoice, ImageChoice]:
    """Return the choices for the old and the new image; an option that is given once is for both."""
    old_image, new_image = _for_both(images or (), "--image")
    old_platform, new_platform = _for_both(platforms or (), "--platform")
    old_engine, new_engine = _for_both(engines or (), "--engine")
    return ImageChoice(old_image, old_platform, old_engine), ImageChoice(new_image, new_platform, new_engine)


def _for_both(words: Sequence[T], option: str) -> tuple[T | None, T | None]:
    if len(words) > 2:  # noqa: PLR2004  # one for each image
        raise UsageError(f"{option} is given {len(words)} times: there are two images")
    return (words[0], words[-1]) if words else (None, None)
