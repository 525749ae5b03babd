"""The ``packages`` document: the packages after a layer, and what each layer did to them."""

from collections.abc import Iterable
from typing import TextIO

from msgspec import Struct

from layerscope.analysis.packages.sbom import SbomDifference
from layerscope.model.image import Image
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.session.files.packages import ImagePackages
from layerscope.text import path_text


class PackagePart(Struct):
    """A package; ``layer`` brought this version, and is null if its database could not be read there.

    Each file belongs to one package.
    """

    manager: str
    name: str
    version: str
    size: int
    files: int
    layer: int | None


class PackageEventPart(Struct):
    """A change that a layer made to a package; ``dead_size`` are bytes of it that the layer hid and that still ship."""

    layer: int
    instruction: str | None
    manager: str
    name: str
    change: str
    before: str | None
    after: str | None
    dead_size: int


class NamedPackagePart(Struct):
    """A package that either the SBOM names or the image has; the SBOM may name one without its version."""

    manager: str
    name: str
    version: str


class PackageSbomPart(Struct):
    """The packages in which the SBOM and the image differ; ``not_compared``: numbers of packages by their type."""

    format: str | None
    only_named: list[NamedPackagePart]
    only_seen: list[NamedPackagePart]
    not_compared: dict[str, int]


class PackagesDocument(Listing, kw_only=True):
    """The whole document; ``unread`` are databases that were not read."""

    layer: int
    packages: list[PackagePart]
    events: list[PackageEventPart]
    sbom: PackageSbomPart | None
    unread: list[str]


def write_packages_document(image: Image, found: ImagePackages, file: TextIO, limit: Limit = NO_LIMIT) -> None:
    """Write the document; the packages are sorted by size, the events by layer. The ``limit`` is that of each list."""
    document = PackagesDocument(
        layer=found.layer,
        packages=list(limit(package_parts(found))),
        events=list(limit(event_parts(image, found))),
        sbom=_sbom_part(image, found, limit),
        unread=[path_text(path) for path in found.unread],
    )
    write_document(document, file, limit=limit)


def package_parts(found: ImagePackages) -> list[PackagePart]:
    """Return the packages, the largest first."""
    return [
        PackagePart(*each.package[:3], each.size, len(each.positions), layer)
        for each, layer in zip(found.packages, found.layers, strict=True)
    ]


def event_parts(image: Image, found: ImagePackages) -> list[PackageEventPart]:
    """Return the events, base first."""
    return [
        PackageEventPart(
            layer=event.layer,
            instruction=image.step(event.layer).instruction,
            manager=event.manager,
            name=event.name,
            change=event.change.value,
            before=event.before,
            after=event.after,
            dead_size=event.dead_size,
        )
        for event in found.events
    ]


def _sbom_part(image: Image, found: ImagePackages, limit: Limit) -> PackageSbomPart | None:
    if found.sbom is None:
        return None
    kinds = " ".join(image.attestations.kinds).lower()
    return PackageSbomPart(
        format=next((name for name in ("spdx", "cyclonedx") if name in kinds), None),
        only_named=list(limit(_named((each, each.stated) for each in found.sbom.differences))),
        only_seen=list(limit(_named((each, each.found) for each in found.sbom.differences))),
        not_compared=dict(sorted(found.sbom.not_compared.items())),
    )


def _named(differences: Iterable[tuple[SbomDifference, str | None]]) -> list[NamedPackagePart]:
    return [NamedPackagePart(each.manager, each.name, version) for each, version in differences if version is not None]
