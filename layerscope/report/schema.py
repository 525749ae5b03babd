"""JSON Schemas (2020-12) of the documents, from their structs and the descriptions of all fields."""

from importlib import import_module
from typing import Any

import msgspec

from layerscope.report.json_document import Document

DOCUMENTS = {
    "build": "build.BuildDocument",
    "cache": "cache.CacheDocument",
    "cache-removed": "cache.RemovedDocument",
    "check": "check.results.CheckDocument",
    "config": "settings.SettingsDocument",
    "containers": "listings.ContainersDocument",
    "diff": "diff.document.DiffDocument",
    "dockerfile": "dockerfile.DockerfileDocument",
    "find": "find.FindDocument",
    "history": "history.HistoryDocument",
    "images": "listings.ImagesDocument",
    "images-layers": "shared_layers.SharedLayersDocument",
    "layers": "layers.LayersDocument",
    "packages": "packages.PackagesDocument",
    "survey-report": "survey.SurveyReportDocument",
    "survey-rows": "survey.SurveyRowsDocument",
    "tags": "listings.TagsDocument",
    "trend": "trend.TrendDocument",
    "tree": "tree.TreeDocument",
    "verify": "verify.VerifyDocument",
    "why": "why.WhyDocument",
}
"""The documents by the command that prints them. Only the one that is asked for is imported."""

_NULL = "null if unknown, or if there is none"

_FIELDS = """
added: number of paths that were added
advice: what to change, that which saves most first
after: value on the new side; null if there is none
backing_filesystem: file system below the storage driver
base: base image
base_repository: repository of the outdated base; null unless the base is outdated
bases: both bases, the one of the newer images first
before: value on the old side; null if there is none
blob_saves_estimate: estimate of the stored bytes that are saved
blob_size: bytes of the blobs as stored or pulled, compressed or not
blob_size_estimate: estimate of the stored bytes of dead files
bound: bytes that the cache never exceeds
broken_layers: layers of this side that could not be read whole, in ascending order
builder: engine that built
by_package: packages of the final image, the largest first
by_reason: bytes by reason; null if a layer could not be read
by_type: types of the files of the final image, the largest first
cache: hit or miss; null if unknown, and for the base image
cause: reason why the build cache was missed
causes: causes, in the order of layers
certain: false if the change depends on layers or bytes that could not be read, else absent
change: added, modified, removed or unchanged
changes: paths that differ, sorted by path
charged_size: bytes of blobs, those of a blob that several images hold by their share
check: size, digest, diff_id, history, config, media_type, names or entries
checks: checks, from the index to the layers in ascending order
cmd: default arguments, in their order, or a line for the shell
compression: none, gzip, zstd, xz or bzip2
config: config of the image
config_digest: digest of the config
config_file: path of the file with the settings
container: container whose writable layer is the last one; null for an image
containers: containers of the local engines, in the order of engines
content_size: bytes of regular files; a hard link adds none
copied_up_from: number of the layer from which a container copied the path, else absent
copies: number of times that the engine stores the layer, once for each pile of layers below it
copy_on_write: how the storage driver copies a file that is changed
created: time of creation, as RFC 3339
created_by: history line as the builder wrote it
dead: dead files, and their sums
dead_size: bytes that were written and that the final image does not show
destination: path of the mount in the container
diff_id: digest of the layer's tar, uncompressed
differences: packages that differ, sorted by type and name
digest: digest of the blob
digests: why the digests differ; only with --digests
directories: largest folders, sorted by path
dockerfile: path of the Dockerfile
driver: storage driver
duplicates: same bytes at several paths, those that take most first
duplicates_complete: false if files of equal size were not compared
efficiency: share of all content that is not dead, from 0 to 1
engine: docker, podman or containerd
engine_size: bytes of all layers, as a local engine counts them; null if no engine has the image
entries: dead files, sorted by path, then by layer
entrypoint: command that a container starts and its arguments, in their order, or a line for the shell
env: environment, NAME=value, in the order of the config
error: why it could not be read whole; null if it could
events: what each layer did to the path, from the base up
example: reference of one image that has it
examples: up to three paths or names, as they were found
excess: amount by which a failed rule misses its limit
exit_status: exit status of the builder
expected: what the documents of the image say
field: field of the config
files: number of files
folder: path of the folder
format: format of the SBOM
found: what the bytes say
freed_size: bytes that were freed
from: old side: the image or the layer before
gid: number of the group
growth: bytes gained since the release before, of content where both are known, else of blobs; null for the first
hidden_by: number of the layer that hid it; null if none did
hidden_by_instruction: instruction of the layer that hid the bytes
hides_size: bytes of previous layers that it hid
id: id that the engine gave
image: name of the image
image_version: version in the image
images: images of the local engines, in the order that was asked for
incomplete: numbers of the layers that could not be read whole, in ascending order; absent if there are none
instruction: instruction of the Dockerfile
key: name of the rule in the rules file
kind: file, dir, symlink, hardlink, fifo, char or block
labels: labels by name
largest: largest files of the final image, the largest first
largest_written: largest files of any layer, the largest first
layer: number of the layer, from 1 at the base
layers: layers, from the base up
left_out: number of rows that --limit left out, of all lists together; absent without it
limit: limit of the rule, in its unit
line: number of the line in the Dockerfile, from 1
lines: lines of the Dockerfile, in its order
link: target of a link: of a symlink as it is, of a hard link as an absolute path; null for other kinds
listed_from: layer, or table: what a table of contents claims, without the layer
live: true if the final image shows the path as this layer wrote it
locations: where the layers are on the engine's machine, from the base up
made_by: what usually makes such a difference
manager: package manager
matched: number that was matched
matches: paths that were found, sorted by path, then by layer
media_type: media type that the manifest states
miss: first step that missed the build cache
mode: permissions, four octal digits or more
modified: number of paths that were modified
more_lines: true if there are more lines with a match
mounts: mounts of the container, in the order of its engine
moves: files that moved, in the order of their old paths
mtime: time of modification, in seconds since 1970; null for a folder without an entry of its own
name: name, as it was given
namespace: namespace of containerd
new: number of the layer in the new image; null if it has none
newer_base: id of the newest image of that repository; null unless the base is outdated
not_compared: numbers of packages by their type
offset: offset of the match in bytes, from 0
old: number of the layer in the old image; null if it has none
only_named: packages that only the SBOM names, sorted by type and name
only_seen: packages that only the image has, sorted by type and name
origin: config.toml, state or default
outcome: passed, failed or unknown
outdated_base: id of the image that this one is built on; null unless the base is outdated
own: true if the layers' own entries are compared
package: package that was asked for; null if the release lacks it
package_events: what each layer did to packages, from the base up; only with --packages
packages: number of packages
part: compression, order, headers, content, config or manifest
patch: change of the Dockerfile as a patch; null if it is not certain
path: path; in an image absolute, as it is
paths: paths, sorted
place_count: number of all locations
places: first locations to look at, the worst first
platform: OS/ARCHITECTURE[/VARIANT]
ports: ports, in the order of the config
present: true if the final image has the path
previous_size: content bytes of the image that had the tag before
problem: why the cache is not used; null if it is
problems: sentences about what could not be read, in the order in which it was found
pull_size: bytes of the layers that are missing where the other image is; null if they are not known
reason: deleted, opaque, replaced, overwritten, metadata-only or identical; null if bytes could not be read
records: number of records
reference: reference that opens the image
relation: same, changed, only-old or only-new
releases: releases, in the order that was asked for, the oldest first
remedy: how to avoid the difference; null if there is no way
removed: number of paths that were removed
removed_in: number of the layer that removed it; null if the final image has it
rests_on_incomplete: true if a layer below could not be read whole
result: right, wrong or unknown; of a check also note
rule: name of the rule
rules: rules, in the order of the rules file
rules_file: file that the rules come from
same_but_for_times: layers whose listings are equal but for times, those that save most first; contents are not compared
same_content: true if both hold the same but for times; null if unknown
saves: bytes of blobs that storing one of the layers would save; null if unknown
saves: content bytes that are saved
sbom: SBOM compared with the packages of the image
sbom_version: version in the SBOM
schema_version: version of the documents; it changes when a field is lost or changes, not when one is added
secrets: secrets, sorted by layer, then by path
settings: settings, in the order of the manual
share: share of the content of all layers, from 0 to 1
shared_size: bytes that other images have too, as the engine says
similar_bases: pairs of bases that are nearly the same, the largest first
size: content in bytes
size_after_advice: content bytes of an image that follows all advice
size_delta: content bytes that were added, less than 0 if it shrank
source: form in which the image is stored, in words
stage: name or number of the build stage
state: state of the container
state_file: path of the file with what is remembered from the last run
steps: lines of the history, in build order
storage: storage of the engine that holds the image; null for an image that no engine holds
store: kind of the engine's image store
subject: index, manifest, config or layer
summary: sums of all changes
tag: tag, without the name of the repository
tags: tags, in the order of the source
text: sentence for people
to: new side: the image or the layer after
total: content bytes of all dead files; null if a layer could not be read
total_size: content bytes of all layers
type: type, in words
uid: number of the owner
unique_size: bytes that no other image has, as the engine says
unit: bytes, fraction or count; null if paths are counted
unknowns: sentences about what could not be determined, in the order of layers
unowned_size: bytes of the files that belong to no package
unplaced: layers that no line could be found for
unread: paths whose bytes could not be read on both sides, sorted by path
unread_layers: number of layers that were not read, or not whole
unreadable: number of images that could not be read
unshared_size: bytes of all blobs, each as often as images hold it
unwanted: paths that should be in no image, those in most images first
used: time of the last use, as RFC 3339
used_by: ids of the images on the base, the newest first
user: user that runs the process
value: value, as it is in use
verdict: cause of the size in one sentence
version: version of the package
volumes: volumes, in the order of the config
warnings: sentences about what is wrong, in the order in which it was found
wasted_size: bytes of files that no image shows that holds their layer, each layer once
what: what a modification changed, in this order: content, kind, mode, owner, xattrs, link, mtime; empty for a copy
workdir: working directory
writable: true for the writable layer of a container
writable_size: bytes of the writable layer, as the engine says
writer: number of the layer that wrote the file
written_by: number of the layer that wrote what is described
AdvicePart.kind: subject of the advice, such as package-cache
BasePart.layers: number of its layers, which are the lowest ones
CacheDocument.images: images of which something is kept, the last used first
CacheDocument.size: bytes of all records
CachedImagePart.reference: reference that opened the image; null for records that cannot be used
CachedImagePart.size: bytes of its records
CausePart.entries: number of entries or fields
CausePart.layer: numbers of the layers, the old one first; null for a document of the image
CausePart.what: what differs, such as mtime or level
ConfigChangePart.after: value in the new image, a list in its own order; null if there is none
ConfigChangePart.before: value in the old image, a list in its own order; null if there is none
ConfigChangePart.name: key in a table such as the labels; null for a field that is none
DiffDocument.config: fields of the config that differ, in the order of the old config, then of the new one
DiffDocument.layers: layers of both images, aligned, in build order
DiffDocument.packages: packages that differ, sorted by manager and name
DigestsPart.result: same, explained or different
DockerfileDocument.base: base image of the last FROM
DockerfileDocument.source: provenance, aligned or reconstructed
DockerfileDocument.steps: number of steps that lines are looked for
DuplicatePart.layers: numbers of the layers that wrote them, in the order of the paths
FolderPart.size: bytes of the live files below
HeldLayerPart.blob_size: bytes of the blob, the largest if there are several; null if unknown
HeldLayerPart.images: number of images that hold the layer
HoldingPart.freed_size: bytes that removing the image would free; null if the engine does not say
HoldingPart.tags: tags of the image, in the order of the engine
JumpPart.layer: number of the layer; null for a step that only the release before has
LabelPart.images: number of images with the label
LabelPart.label: key of the label
LabelPart.value: value of the label
LayerPart.entries: number of entries, whiteouts included
LayersDocument.image: image as a whole
LinePart.advice: numbers of the advice in the document of why, in ascending order
LinePart.layers: numbers of the layers that the line made, in ascending order; null if that is unknown
ListedContainer.image: reference of its image
ListedImage.layers: number of layers
ListedTag.layers: number of layers
LocalBasePart.image: id of the image whose layers are the base; null if the base is the first layer of images
LocalBasePart.layers: number of its layers
LocalBasePart.size: bytes of its layers
MatchPart.lines: matches in the content, from the start of the file; absent unless it was searched
MatchedLinePart.line: number of the line in the file, from 1; null in data that is not text
MatchedLinePart.text: line; null in data that is not text
MissPart.files: files that differ, sorted
MountPart.source: path or name of what is mounted
MovePart.from: old path of the file
MovePart.to: new path of the file
PackageChangePart.after: versions in the new image, sorted
PackageChangePart.before: versions in the old image, sorted
PackageChangePart.layer: number of the new image's layer that brought its last version; null if there is none
PackageEventPart.after: version after the layer; null if there is none
PackageEventPart.before: version before the layer; null if there was none
PackageEventPart.change: added, upgraded, downgraded or removed
PackageEventPart.dead_size: bytes of the package that the layer hid and that still ship
PackagePart.layer: number of the layer that brought this version; null if its database could not be read there
PackagePart.size: bytes of its files; each file belongs to one package
PackagesDocument.events: what each layer did to packages, from the base up
PackagesDocument.packages: packages after the layer, the largest first
PackagesDocument.unread: package databases that were not read, in the order in which they were found
ReleasePart.cause: step that made most of the growth; null if there is none
ReleasePart.layers: number of layers
ReleasePart.path: path that was asked for; null if the release lacks it
RemovedDocument.removed: number of records that were removed
RepositoryPart.freed_size: bytes that deleting all tags of the repository would free
RepositoryPart.images: number of images
RepositoryPart.repository: name without tag, with the registry
RepositoryPart.tags: number of references
RulePart.value: figure of the image, in the unit
SecretPart.kind: kind of the secret
SharedLayerPart.engine: engine that has the layer
SharedLayerPart.images: ids of the images that hold the layer, the newest first
SharedLayerPart.size: bytes of one copy, as the engine counts them
SharedLayersDocument.images: local images, in the order that was asked for
SharedLayersDocument.layers: layers of local images, those that most images hold first
SurveyBasePart.base: base image as the images name it; empty if they name none
SurveyBasePart.images: number of images
SurveyPackagePart.images: number of images that have the package
SurveyPackagePart.references: references of the first images that have it, sorted, at most 20
SurveyReportDocument.bases: base images, the one charged most first
SurveyReportDocument.instructions: instructions of which most is wasted first
SurveyReportDocument.labels: labels, the one charged most first
SurveyReportDocument.layers: layers that several images hold, those that most hold first
SurveyReportDocument.packages: packages and versions, those in most versions first
SurveyReportDocument.repositories: repositories, the one charged most first
SurveyReportDocument.summary: sums of all images
SurveyReportDocument.tags: references, the one that frees most first
SurveyRowsDocument.columns: names of the columns, in the order of the query
SurveyRowsDocument.rows: rows of values, in the order of the query
SurveySummary.blob_size: bytes of all blobs, each once
SurveySummary.content_size: bytes of regular files in all layers, each layer once
SurveySummary.images: number of images
SurveySummary.layers: number of layers
SurveySummary.shared_size: bytes of blobs that several images hold, each once
SurveySummary.tags: number of references
SurveyTagPart.blob_size: bytes of the blobs of these images, each once
SurveyTagPart.freed_size: bytes that deleting the tag would free
SurveyTagPart.platforms: number of images that the reference leads to, one for each platform
TagsDocument.name: repository
TagsDocument.tags: tags, older versions first
TreeDocument.entries: paths, sorted by path, or by size with the largest first
TwinsPart.diff_ids: diff_ids of the layers, sorted
TwinsPart.entries: number of entries in each
UnplacedPart.layers: numbers of the layers, in ascending order
UnwantedPart.images: number of images that hold the path
UnwantedPart.kind: kind of secret or leftover
UnwantedPart.layers: number of layers that hold the path
WastingPart.files: number of files
WastingPart.layers: number of layers
WhyDocument.layers: layers, the largest first
"""
"""By the name of a field, which means the same wherever it is, or by ``Struct.field`` where it means something else."""


def document_type(name: str) -> type[Document]:
    """Return the struct of a document."""
    module, _, struct = DOCUMENTS[name].rpartition(".")
    found: type[Document] = getattr(import_module(f"layerscope.report.{module}"), struct)
    return found


def document_schema(name: str) -> dict[str, Any]:
    """Return the schema of a document, with a description of every field."""
    document = document_type(name)
    parts = msgspec.json.schema(document)["$defs"]
    descriptions = dict(line.split(": ", 1) for line in _FIELDS.strip().splitlines())
    for struct, part in parts.items():
        part.pop("title")
        part["description"] = part["description"].replace("``", "")
        for field, schema in part.get("properties", {}).items():
            text = descriptions.get(f"{struct}.{field}", descriptions.get(field, ""))
            types = [each.get("type") for each in schema.get("anyOf", [schema])]
            is_unexplained = "null" in types and "null" not in text
            schema["description"] = f"{text}; {_NULL}" if is_unexplained else text
    whole = parts.pop(document.__name__)
    whole["properties"]["schema_version"]["const"] = whole["properties"]["schema_version"].pop("default")
    whole["required"] = ["schema_version", *whole["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **whole, "$defs": parts}
