"""A client of containerd where it runs without Docker: with nerdctl, on Kubernetes nodes, in k3s.

The names of images are in a database of containerd's own, and its API is gRPC: ``ctr``, a part of every package of
containerd, or ``k3s ctr`` lists them and exports images. Their blobs are read from its content store, where this user
may read that. https://github.com/containerd/containerd/blob/main/docs/content-flow.md
"""

import os
import re
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import cached_property
from itertools import groupby
from pathlib import Path
from shutil import which
from typing import NamedTuple, NoReturn

from layerscope.errors import EngineUnavailable, FormatError, ImageNotFound, SourceError, UsageError
from layerscope.model.documents import Digest
from layerscope.model.engine import Engine
from layerscope.model.image import Image
from layerscope.model.local import StoredLayer
from layerscope.sources.engine.client import LARGEST_ANSWER, STREAM_SECONDS, EngineClient
from layerscope.sources.engine.endpoints import CONTAINERD_CONTENT, CONTAINERD_ROOTS, Endpoint
from layerscope.sources.engine.replies import EngineInfo, EngineVersion, ImageDetails, ImageSummary
from layerscope.sources.engine.transport import CONNECT_SECONDS, has_ended, start_program
from layerscope.sources.image.builder import Origin
from layerscope.sources.image.documents import Documents, FolderFiles
from layerscope.sources.image.name import ImageName
from layerscope.sources.image.oci_layout import oci_candidates
from layerscope.text import human_size, printable_line, short_name

_PROGRAMS = (("ctr",), ("k3s", "ctr"))
_NAMESPACES = ("default", "k8s.io", "moby")
"""The namespaces of ctr and nerdctl, of Kubernetes, and of Docker: those that are asked first, in this order."""

_DOCKER = "moby"
_CHUNK = 1024 * 1024
_ROOT = re.compile(r"^\s+root\s+(/.*\S)", re.MULTILINE)
"""A line of ``ctr plugins ls -d``: what the plugin of the content store exports."""

_IMAGE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{7,64}")
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


class _Name(NamedTuple):
    """A name in a namespace, and what ``ctr images ls`` says of its image; ``size`` is rounded."""

    namespace: str
    name: str
    digest: Digest
    size: int | None

    @property
    def reference(self) -> str:
        return f"{Engine.CONTAINERD}://{self.namespace}/{self.name}"

    @property
    def is_tag(self) -> bool:
        """False for a digest, under which Kubernetes keeps each image as well."""
        parsed = ImageName.parse(self.name)
        return parsed is not None and not parsed.digest and not self.name.startswith("sha256:")

    def is_named(self, name: str) -> bool:
        """Return whether this is the image of a name: short or in full, with a digest, or the start of an id."""
        # a node of Kubernetes has a name that is the digest of the config, by which crictl knows the image
        start = f"sha256:{name.removeprefix('sha256:')}"
        if _IMAGE_ID.fullmatch(name) and any(each.startswith(start) for each in (str(self.digest), self.name)):
            return True
        wanted, known = ImageName.parse(name), ImageName.parse(self.name)
        if wanted is None or known is None:
            return False
        if wanted.digest:
            return (wanted.repository, wanted.digest) == (known.repository, str(self.digest))
        return self.is_tag and wanted.full == known.full


class ContainerdClient(EngineClient):
    """The images of a containerd, by name and namespace; its containers are left to those who made them."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._described: dict[Digest, Image | None] = {}

    @cached_property
    def version(self) -> EngineVersion:
        """Return a version once the socket has been connected to; raises EngineUnavailable, as everything here does."""
        if not self.endpoint.is_local:
            self._refuse("invalid address (it has to be the path of a socket)")
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(CONNECT_SECONDS)
                connection.connect(self._path)
        except PermissionError:
            self._refuse("permission denied (sudo layerscope NAME opens its images)")
        except FileNotFoundError:
            self._refuse("no such socket")
        except OSError as error:
            self._refuse((error.strerror or str(error)).lower())
        return EngineVersion("", Engine.CONTAINERD)

    @property
    def _path(self) -> str:
        return self.endpoint.host.removeprefix("unix://")

    @cached_property
    def _api(self) -> tuple[int, int]:
        self._refuse("only its images are read, not its containers")

    @cached_property
    def _command(self) -> tuple[str, ...]:
        """The program that speaks to containerd, with the address."""
        program = next((each for each in _PROGRAMS if which(each[0])), None)
        if program is None:
            self._refuse("neither ctr nor k3s is installed, one of which has to list its images")
        return (*program, "--address", self._path)

    def _refuse(self, reason: str) -> NoReturn:
        raise EngineUnavailable(f"{self.endpoint}: {reason}")

    def info(self) -> EngineInfo:
        """Return the folder of the content store, as `EngineInfo.root`; empty if it is unknown."""
        return EngineInfo(driver_status=[["driver-type", "io.containerd.snapshotter.v1"]], root=self._content)

    @cached_property
    def _content(self) -> str:
        if exported := _ROOT.search(self._said("plugins", "ls", "--detailed", "id==content")):
            return exported[1]
        root = CONTAINERD_ROOTS.get(self._path)
        return f"{root}/{CONTAINERD_CONTENT}" if root else ""

    @cached_property
    def _names(self) -> list[_Name]:
        """All names, those of the preferred namespaces first."""
        namespaces = self._said("namespaces", "ls", "--quiet").split()
        namespaces.sort(key=lambda name: (_NAMESPACES.index(name) if name in _NAMESPACES else len(_NAMESPACES), name))
        return [name for namespace in namespaces for name in self._names_in(namespace)]

    def _names_in(self, namespace: str) -> list[_Name]:
        lines = self._said("--namespace", namespace, "images", "ls").splitlines()[1:]
        return list(filter(None, (_parsed(namespace, line) for line in lines)))

    def images(self) -> list[ImageSummary]:
        """Return the images of all namespaces but Docker's, whose own API knows more of them."""
        listed: dict[tuple[str, Digest], list[_Name]] = {}
        only = os.environ.get("CONTAINERD_NAMESPACE")
        for name in self._names:
            if name.namespace == only or not (only or name.namespace == _DOCKER):
                listed.setdefault((name.namespace, name.digest), []).append(name)
        return [self._summary(names) for names in listed.values()]

    def _summary(self, names: Sequence[_Name]) -> ImageSummary:
        name, tags = names[0], [each.name for each in names if each.is_tag]
        image = self._stored(name.digest)
        size, created = (image.blob_size, _seconds(image.config.created)) if image else (name.size, None)
        return ImageSummary(str(name.digest), tags, size, created, namespace=name.namespace)

    def layers(self, image_id: str, *, sizes: bool = True) -> list[StoredLayer] | None:  # noqa: ARG002  # they cost nothing
        """Return the layers as the content store has them: blobs, once each, whatever lies below."""
        image = self._stored(Digest.parse(image_id))
        if image is None:
            return None
        instructions = {step.layer: step.instruction for step in image.steps}
        return [
            StoredLayer(
                str(layer.diff_id or layer.digest),
                str(layer.digest),
                layer.blob.size if layer.blob else 0,
                instructions.get(layer.number),
            )
            for layer in image.layers
        ]

    def _stored(self, image_id: Digest) -> Image | None:
        """Return an image as the content store describes it, the first platform that is whole."""
        if image_id not in self._described:
            self._described[image_id] = self._build(image_id) if self._content else None
        return self._described[image_id]

    def _build(self, image_id: Digest) -> Image | None:
        documents = Documents(FolderFiles(Path(self._content)))
        with suppress(FormatError, OSError):
            for candidate in oci_candidates(documents, Origin.engine("", Engine.CONTAINERD), image_id):
                if candidate.complete and candidate.set_aside is None:
                    return candidate.build()
        return None

    def image(self, name: str) -> ImageDetails:
        """Return the details of an image by ``[NAMESPACE/]NAME`` or id.

        Raises ImageNotFound, and UsageError where namespaces have different images of that name.
        """
        namespace, _, rest = name.partition("/")
        spaces = [list(names) for _, names in groupby(self._names, lambda each: each.namespace)]
        only = os.environ.get("CONTAINERD_NAMESPACE") or None
        found = [each for names in spaces if only in (None, names[0].namespace) for each in _matching(name, names)]
        found += [each for names in spaces if names[0].namespace == namespace for each in _matching(rest, names)]
        if not found:
            raise ImageNotFound(f"{self.endpoint}: no image {short_name(name)}")
        chosen = found[0]
        if any(each.digest != chosen.digest for each in found):
            several = ", ".join(dict.fromkeys(short_name(each.reference) for each in found))
            raise UsageError(f"{short_name(name)} is the name of several images: {several}")
        same = (each for each in self._names if (each.namespace, each.digest) == (chosen.namespace, chosen.digest))
        tags = [each.name for each in (chosen, *same) if each.is_tag]
        return ImageDetails(str(chosen.digest), list(dict.fromkeys(tags)), chosen.size, namespace=chosen.namespace)

    @property
    def exports_platforms(self) -> bool:
        return True

    def export(
        self, image_ids: Sequence[str], name: str, platform: tuple[str, str, str] | None = None
    ) -> Iterator[bytes]:
        """Yield an image as ``ctr images export`` writes it, an index by default for the platform of this machine.

        An image is exported under a name, but another one than it had when it was looked up is refused by its digest.
        """
        chosen = next((each for each in self._names if str(each.digest) in image_ids), None)
        if chosen is None:
            raise ImageNotFound(f"{self.endpoint}: {name} has been removed")
        options = ["--platform", "/".join(filter(None, platform))] if platform else []
        arguments = ["--namespace", chosen.namespace, "images", "export", *options, "-", chosen.name]
        try:
            yield from self._run(arguments, STREAM_SECONDS)
        except EngineUnavailable as error:
            raise SourceError(f"cannot export {name} from {error}") from error

    def _said(self, *arguments: str) -> str:
        """Return what a program prints, which it has to do soon."""
        said, deadline = bytearray(), time.monotonic() + CONNECT_SECONDS
        for chunk in self._run(arguments, CONNECT_SECONDS):
            said += chunk
            if len(said) > LARGEST_ANSWER:
                self._refuse(f"its list of images exceeds {human_size(LARGEST_ANSWER)}")
            if time.monotonic() > deadline:
                self._refuse(f"no whole answer within {CONNECT_SECONDS:.0f} seconds")
        return said.decode("utf-8", "replace")

    def _run(self, arguments: Sequence[str], seconds: float) -> Iterator[bytes]:
        """Yield the output of a program, which may take so long for the next bytes, and to end."""
        with ExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.enter_context(ours)
            ours.settimeout(seconds)
            with theirs:
                process, complaint = start_program([*self._command, *arguments], theirs.fileno(), stack)
            try:
                while chunk := ours.recv(_CHUNK):
                    yield chunk
            except TimeoutError:
                self._refuse(f"no answer within {seconds:.0f} seconds")
            except OSError as error:
                self._refuse((error.strerror or str(error)).lower())
            deadline = time.monotonic() + seconds
            while not has_ended(process):
                if time.monotonic() > deadline:
                    self._refuse(f"{self._command[0]} does not end")
            if process.returncode:
                self._refuse(short_name(printable_line(complaint().removeprefix("ctr: "))))


def _matching(name: str, names: Iterable[_Name]) -> list[_Name]:
    """Return what a name stands for in a namespace: those that are written so, else those that mean the same."""
    named = [each for each in names if each.name == name or each.is_named(name)]
    return [each for each in named if each.name == name] or named


def _parsed(namespace: str, line: str) -> _Name | None:
    """Return a line of ``ctr images ls``: name, media type, digest, size, unit, and more."""
    name, _, digest, number, unit, *_ = [*line.split(), *[""] * 5]
    try:
        parsed = Digest.parse(digest)
    except ValueError:
        return None
    size = None
    with suppress(ValueError, KeyError):
        size = round(float(number) * _UNITS[unit])
    return _Name(namespace, name, parsed, size)


def _seconds(created: str | None) -> int | None:
    """Return a time of a config in seconds since 1970."""
    try:
        return int(datetime.fromisoformat(created or "").timestamp())
    except (ValueError, OverflowError):
        return None
