"""An image that an engine exported by its id, checked against the id, and with the tags that the engine knows."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from msgspec.structs import replace

from layerscope.errors import DigestMismatch
from layerscope.model.candidate import Candidate
from layerscope.model.image import Image
from layerscope.sources.image.name import ImageName
from layerscope.sources.layer.verification import with_verification
from layerscope.text import short_name


def with_id(candidates: Sequence[Candidate], image_id: str) -> tuple[Candidate, ...]:
    """Return the images of an export that have the requested id; raises DigestMismatch if none has.

    An id is the digest of the config or, in containerd's store, of the manifest or index.
    """
    encoded = image_id.removeprefix("sha256:")
    matching = tuple(candidate for candidate in candidates if encoded in _encoded_digests(candidate))
    if not matching:
        raise DigestMismatch(f"the engine exported another image than {short_name(image_id)}")
    return matching


def tags_named_first(tags: Iterable[str], name: str) -> tuple[str, ...]:
    """Return the tags of an image, the one by which the user named it before the others."""
    wanted = ImageName.parse(name)
    known = {tag: ImageName.parse(tag) for tag in tags}
    named = [tag for tag, parsed in known.items() if parsed and wanted and parsed.full == wanted.full]
    return tuple(dict.fromkeys([*named, *known]))


def with_verified_layers(candidate: Candidate) -> Candidate:
    """Return the candidate of an image whose layers are hashed when it is built, to know which have their diff_id."""
    return replace(candidate, build=partial(_verified, candidate))


def _verified(candidate: Candidate) -> Image:
    image = candidate.build()
    with ThreadPoolExecutor() as pool:
        layers = pool.map(with_verification, image.layers)
        return replace(image, layers=tuple(layers))


def _encoded_digests(candidate: Candidate) -> set[str]:
    digests = (candidate.config_digest, candidate.digest, *candidate.indexes)
    return {digest.encoded for digest in digests if digest is not None}
