"""The options of ``docker build``, ``podman build`` and ``buildah build`` that say what is built and where it goes.

https://docs.docker.com/reference/cli/docker/buildx/build/ and
https://docs.podman.io/en/latest/markdown/podman-build.1.html. All other arguments are the builder's own business.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HELP = frozenset({"-h", "--help"})
_STDOUT = "-"
_SHORT = {"o": "output", "t": "tag", "f": "file", "m": "memory", "c": "cpu-shares", "v": "volume"}
"""The short options of builders that take a value; all others are switches."""

_QUIET = "q"
_FIX_TIMES = frozenset({"timestamp", "source-date-epoch"})

_VALUED = re.compile(
    r"add-host|add-hosts|allow|annotation|arch|attest|authfile|build-arg|build-arg-file|build-context|"
    r"builder|cache-from|cache-to|cache-ttl|call|cap-add|cap-drop|cert-dir|cgroup-parent|cgroupns|context|"
    r"cpp-flag|cpu-period|cpu-quota|cpu-shares|cpuset-cpus|cpuset-mems|creds|decryption-key|device|dns|"
    r"dns-option|dns-search|env|file|format|from|group-add|hooks-dir|ignorefile|iidfile|ipc|isolation|"
    r"jobs|label|layer-label|logfile|manifest|memory|memory-swap|metadata-file|network|no-cache-filter|os|"
    r"os-feature|os-version|output|platform|progress|provenance|retry|retry-delay|runtime|runtime-flag|"
    r"sbom|secret|security-opt|shm-size|sign-by|source-date-epoch|ssh|tag|target|timestamp|ulimit|"
    r"unsetenv|unsetlabel|userns|userns-gid-map|userns-uid-map|uts|variant|volume"
)
"""The long options of builders whose value may be the next argument."""

_ARCHIVES = ("oci", "docker")
_FILE_NAMES = {"docker": ("Dockerfile",), "podman": ("Containerfile", "Dockerfile")}
_ADDRESSES = ("http://", "https://", "git@", "git://", "ssh://", "github.com/")


@dataclass(frozen=True, slots=True)
class Output:
    """One ``--output``; ``destination`` is empty for the store of the engine, and ``-`` for stdout."""

    kind: str
    destination: str

    @property
    def is_stored(self) -> bool:
        """True if the engine stores the image."""
        return self.kind == "image" or (self.kind == "docker" and not self.destination)

    @property
    def is_archive(self) -> bool:
        """True if the image is written to a file or folder."""
        return self.kind in _ARCHIVES and self.destination not in ("", _STDOUT)


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """The meaning of a builder's arguments; ``context`` is the folder to build, ``-`` or an address."""

    outputs: tuple[Output, ...] = ()
    tags: tuple[str, ...] = ()
    id_file: str | None = None
    metadata_file: str | None = None
    file: str | None = None
    target: str | None = None
    context: str | None = None
    asks_for_help: bool = False
    is_only_pushed: bool = False
    refuses_cache: bool = False
    is_quiet: bool = False
    arguments: tuple[str, ...] = ()
    """The build arguments, ``NAME=VALUE``, or ``NAME`` alone for one from the environment."""

    is_for_several_platforms: bool = False
    fixes_times: bool = False
    """True if all steps get the same time, whenever they run."""

    layers: str | None = None
    """The value of ``--layers``, with which buildah uses a cache; empty if it is given without one."""

    @property
    def folder(self) -> Path | None:
        """The folder of the context, or None if it is no folder on this machine."""
        if self.context is None or self.context == _STDOUT or self.context.startswith(_ADDRESSES):
            return None
        return Path(self.context)

    def dockerfile(self, engine: str) -> Path | None:
        """Return the Dockerfile that an engine's builder reads, or None if it is no file on this machine."""
        folder = self.folder
        if self.file == _STDOUT or folder is None:
            return None
        if self.file is None:
            candidates = [folder / name for name in _FILE_NAMES[engine]]
        else:
            candidates = [Path(self.file), folder / self.file]
        return next(filter(Path.is_file, candidates), None)


def build_options(arguments: Sequence[str]) -> BuildOptions:
    """Return what a builder's arguments say."""
    values: dict[str, list[str]] = {}
    for name, value in _parsed(arguments):
        values.setdefault(name, []).append(value)
    return BuildOptions(
        tuple(map(_output, values.get("output", ()))),
        tuple(values.get("tag", ())),
        _last(values, "iidfile"),
        _last(values, "metadata-file"),
        _last(values, "file"),
        _last(values, "target"),
        _last(values, ""),
        not _HELP.isdisjoint(arguments),
        "push" in values and "load" not in values,
        "no-cache" in values and values["no-cache"][-1] != "false",
        "quiet" in values,
        tuple(values.get("build-arg", ())),
        "all-platforms" in values or len(",".join(values.get("platform", ())).split(",")) > 1,
        not _FIX_TIMES.isdisjoint(values),
        _last(values, "layers"),
    )


def _last(values: Mapping[str, Sequence[str]], name: str) -> str | None:
    return values[name][-1] if name in values else None


def _parsed(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the options with their values, and the other arguments under an empty name."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            yield from (("", word) for word in rest)
        elif argument.startswith("--"):
            name, equals, value = argument[2:].partition("=")
            yield name, value if equals else next(rest, "") if _VALUED.fullmatch(name) else ""
        elif argument.startswith("-") and argument != _STDOUT:
            switches = next((at for at, letter in enumerate(argument) if letter in _SHORT), len(argument))
            if _QUIET in argument[:switches]:
                yield "quiet", ""
            if switches < len(argument):
                value = argument[switches + 1 :].removeprefix("=")
                yield _SHORT[argument[switches]], value or next(rest, "")
        else:
            yield "", argument


def _output(text: str) -> Output:
    """Return an output: ``type=oci,dest=x.tar``, or the short forms for a folder and for a tar on stdout."""
    fields = next(csv.reader([text]), [])
    if len(fields) == 1 and not text.startswith("type="):
        return Output("tar", _STDOUT) if text == _STDOUT else Output("local", text)
    pairs = dict(field.split("=", 1) for field in fields if "=" in field)
    return Output(pairs.get("type", ""), pairs.get("dest", ""))
