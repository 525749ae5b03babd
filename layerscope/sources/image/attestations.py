"""The attestations of an image: in-toto statements about its manifest, in manifests of their own.

https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md and, for provenance in the
versions 0.2 and 1 of SLSA, slsa-definitions.md beside it. SBOMs: https://spdx.github.io/spdx-spec/v2.3/package-information/
and https://cyclonedx.org/docs/1.6/json/#components.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Raw, Struct, field

from layerscope.errors import FormatError, SourceError
from layerscope.model.documents import Descriptor, Digest, Manifest, decode
from layerscope.model.provenance import (
    Attestations,
    BuiltDockerfile,
    Material,
    Provenance,
    StatedPackage,
    parse_package_url,
)
from layerscope.sources.image.documents import Documents, located
from layerscope.text import short_name

_PROVENANCE = "https://slsa.dev/provenance/"
_SPDX = "https://spdx.dev/Document"
_CYCLONE_DX = "https://cyclonedx.org/bom"
_PACKAGE_URL = "purl"
_NOT_PACKAGES = frozenset({"container", "file", "operating-system"})
"""The kinds of components that are not packages, such as the image that was scanned."""

_BUILD_ARGUMENT = "build-arg:"
_TARGET = "target"
_NPM = "npm"


class _Subject(Struct, frozen=True):
    digest: dict[str, str] | None = None


class _Statement(Struct, frozen=True, rename="camel"):
    predicate_type: str = ""
    subject: list[_Subject] | None = None
    predicate: Raw = Raw(b"{}")


class _Position(Struct, frozen=True):
    line: int = 0


class _Range(Struct, frozen=True):
    start: _Position = _Position()


class _Location(Struct, frozen=True, rename="camel"):
    ranges: list[_Range] | None = None
    source_index: int = 0


class _Locations(Struct, frozen=True):
    locations: list[_Location] | None = None


class _Source(Struct, frozen=True):
    data: bytes = b""


class _SourceMap(Struct, frozen=True):
    locations: dict[str, _Locations] | None = None
    infos: list[_Source] | None = None


class _BuildKitMetadata(Struct, frozen=True):
    source: _SourceMap | None = None
    layers: dict[str, list[list[Descriptor]]] | None = None
    vcs: dict[str, str] | None = None


class _Artifact(Struct, frozen=True):
    uri: str = ""
    digest: dict[str, str] | None = None


class _Builder(Struct, frozen=True):
    id: str = ""


class _Request(Struct, frozen=True):
    args: dict[str, str] | None = None


class _Invocation(Struct, frozen=True, rename="camel"):
    config_source: _Artifact = _Artifact()
    parameters: _Request = _Request()


class _Metadata02(Struct, frozen=True, rename="camel"):
    build_started_on: str | None = None
    build_finished_on: str | None = None
    buildkit: _BuildKitMetadata = field(
        default=_BuildKitMetadata(), name="https://mobyproject.org/buildkit@v1#metadata"
    )


class _Predicate02(Struct, frozen=True):
    builder: _Builder = _Builder()
    invocation: _Invocation = _Invocation()
    materials: list[_Artifact] | None = None
    metadata: _Metadata02 = _Metadata02()


class _ExternalParameters(Struct, frozen=True):
    config_source: _Artifact = field(default=_Artifact(), name="configSource")
    request: _Request = _Request()


class _BuildDefinition(Struct, frozen=True, rename="camel"):
    external_parameters: _ExternalParameters = _ExternalParameters()
    resolved_dependencies: list[_Artifact] | None = None


class _Metadata1(Struct, frozen=True):
    started: str | None = field(default=None, name="startedOn")
    finished: str | None = field(default=None, name="finishedOn")
    buildkit: _BuildKitMetadata = field(default=_BuildKitMetadata(), name="buildkit_metadata")


class _RunDetails(Struct, frozen=True):
    builder: _Builder = _Builder()
    metadata: _Metadata1 = _Metadata1()


class _Predicate1(Struct, frozen=True, rename="camel"):
    build_definition: _BuildDefinition = _BuildDefinition()
    run_details: _RunDetails = _RunDetails()


class _Reference(Struct, frozen=True, rename="camel"):
    reference_type: str = ""
    reference_locator: str = ""


class _Package(Struct, frozen=True, rename="camel"):
    name: str = ""
    version_info: str = ""
    primary_package_purpose: str = ""
    external_refs: list[_Reference] | None = None


class _Spdx(Struct, frozen=True):
    packages: list[_Package] | None = None


class _Component(Struct, frozen=True):
    type: str = ""
    group: str = ""
    name: str = ""
    version: str = ""
    purl: str = ""
    components: list["_Component"] | None = None


class _CycloneDx(Struct, frozen=True):
    components: list[_Component] | None = None


def read_attestations(documents: Documents, subject: Digest, names: Iterable[str]) -> Attestations:
    """Return what the attestation manifests in the named files say about the manifest ``subject``.

    A statement that cannot be read, or is about something else, is a problem and nothing more.
    """
    provenance, packages, problems, kinds = None, list[frozenset[StatedPackage]](), list[str](), list[str]()
    for name in names:
        try:
            statements = documents.document(name, Manifest).layers or []
        except (FormatError, SourceError) as error:
            problems.append(f"an attestation was ignored: {error}")
            continue
        for statement in statements:
            try:
                kind, found = _read(documents, subject, statement.digest.blob_name)
            except (FormatError, SourceError) as error:
                problems.append(f"an attestation was ignored: {error}")
                continue
            provenance = found if isinstance(found, Provenance) else provenance
            kinds += [] if isinstance(found, str) else [kind]
            packages += [found] if isinstance(found, frozenset) else []
            problems += [found] if isinstance(found, str) else []
    listed = tuple(sorted(frozenset[StatedPackage]().union(*packages))) if packages else None
    return Attestations(provenance, listed, tuple(problems), tuple(kinds))


def _read(
    documents: Documents, subject: Digest, name: str
) -> tuple[str, Provenance | frozenset[StatedPackage] | str | None]:
    """Return the type of a statement, and what it says, or why it is not believed."""
    statement = documents.document(name, _Statement)
    stated = [(one.digest or {}).get(subject.algorithm) for one in statement.subject or ()]
    if subject.encoded not in stated:
        kind = short_name(statement.predicate_type or "without a type")
        return kind, f"an attestation ({kind}) is about another manifest and was ignored"
    return statement.predicate_type, _predicate(statement, located(documents.files, name))


def _predicate(statement: _Statement, location: str) -> Provenance | frozenset[StatedPackage] | None:
    if statement.predicate_type.startswith(_PROVENANCE):
        is_first = statement.predicate_type.startswith(f"{_PROVENANCE}v0.")
        return (_provenance_02 if is_first else _provenance_1)(bytes(statement.predicate), location)
    if statement.predicate_type.startswith(_SPDX):
        return frozenset(_spdx_packages(decode(bytes(statement.predicate), _Spdx, location)))
    if statement.predicate_type.startswith(_CYCLONE_DX):
        return frozenset(_cyclone_dx_packages(decode(bytes(statement.predicate), _CycloneDx, location)))
    return None


def _spdx_packages(document: _Spdx) -> Iterator[StatedPackage]:
    for package in document.packages or ():
        if package.primary_package_purpose.lower() not in _NOT_PACKAGES:
            references = package.external_refs or ()
            urls = [each.reference_locator for each in references if each.reference_type == _PACKAGE_URL]
            yield _stated_package(next(iter(urls), ""), package.name, package.version_info)


def _cyclone_dx_packages(document: _CycloneDx) -> Iterator[StatedPackage]:
    waiting = list(document.components or ())
    while waiting:
        component = waiting.pop()
        waiting += component.components or ()
        if component.type not in _NOT_PACKAGES:
            name = f"{component.group}/{component.name}" if component.group else component.name
            yield _stated_package(component.purl, name, component.version)


def _stated_package(url: str, name: str, version: str) -> StatedPackage:
    """Return a package; the URL of one states its type, and the name as its database has it."""
    parsed = parse_package_url(url)
    if parsed is None:
        return StatedPackage("", name, version)
    # the namespace is part of the name for npm alone: elsewhere it is the distribution
    own = parsed.name if parsed.type == _NPM else parsed.name.rpartition("/")[2]
    return StatedPackage(parsed.type, own, parsed.version or version)


def _provenance_02(predicate: bytes, location: str) -> Provenance:
    read = decode(predicate, _Predicate02, location)
    invocation, metadata = read.invocation, read.metadata
    return _provenance(
        builder=read.builder.id,
        config_source=invocation.config_source,
        request=invocation.parameters,
        materials=read.materials or (),
        started=metadata.build_started_on,
        finished=metadata.build_finished_on,
        buildkit=metadata.buildkit,
    )


def _provenance_1(predicate: bytes, location: str) -> Provenance:
    read = decode(predicate, _Predicate1, location)
    definition, run = read.build_definition, read.run_details
    return _provenance(
        builder=run.builder.id,
        config_source=definition.external_parameters.config_source,
        request=definition.external_parameters.request,
        materials=definition.resolved_dependencies or (),
        started=run.metadata.started,
        finished=run.metadata.finished,
        buildkit=run.metadata.buildkit,
    )


def _provenance(
    *,
    builder: str,
    config_source: _Artifact,
    request: _Request,
    materials: Sequence[_Artifact],
    started: str | None,
    finished: str | None,
    buildkit: _BuildKitMetadata,
) -> Provenance:
    """Return what both versions of provenance state, each in its own fields."""
    options, vcs = request.args or {}, buildkit.vcs or {}
    arguments = {name: value for name, value in options.items() if name.startswith(_BUILD_ARGUMENT)}
    return Provenance(
        builder,
        config_source.uri or vcs.get("source", ""),
        (config_source.digest or {}).get("sha1") or vcs.get("revision", ""),
        started,
        finished,
        {name.removeprefix(_BUILD_ARGUMENT): value for name, value in arguments.items()},
        options.get(_TARGET),
        tuple(Material(material.uri, _digest_text(material.digest)) for material in materials),
        _dockerfile(buildkit),
    )


def _digest_text(digests: Mapping[str, str] | None) -> str:
    return next((f"{algorithm}:{encoded}" for algorithm, encoded in (digests or {}).items()), "")


def _dockerfile(metadata: _BuildKitMetadata) -> BuiltDockerfile | None:
    """Return the Dockerfile with the layers of its lines, if the builder recorded it and it is text."""
    if metadata.source is None or not metadata.source.infos:
        return None
    try:
        text = metadata.source.infos[0].data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    chains = {}
    for step, found in (metadata.source.locations or {}).items():
        line = _first_line(found)
        made = (metadata.layers or {}).get(f"{step}:0")
        if line and made and made[-1]:
            chains[line] = tuple(descriptor.digest for descriptor in made[-1])
    return BuiltDockerfile(text, chains)


def _first_line(found: _Locations) -> int:
    """Return the first line of a step in the Dockerfile itself, or 0."""
    return min(
        (one.start.line for at in found.locations or () if not at.source_index for one in at.ranges or ()), default=0
    )
