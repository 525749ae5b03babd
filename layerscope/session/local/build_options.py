"""The options of ``docker build`` that say where its result goes.

https://docs.docker.com/reference/cli/docker/buildx/build/. All other arguments are the builder's own business.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HELP = frozenset({"-h", "--help"})
_STDOUT = "-"
_OUTPUT = "output"
_ID_FILE = "iidfile"
_METADATA_FILE = "metadata-file"
_SWITCHES = "qDh"
"""The short options of builders that take no value."""

_ARCHIVES = ("oci", "docker")


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

    @property
    def is_stdout(self) -> bool:
        """True if the result is written to stdout."""
        return self.destination == _STDOUT or (self.kind in ("oci", "tar") and not self.destination)


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """The options that say where the result of a build goes."""

    outputs: tuple[Output, ...]
    id_file: str | None
    metadata_file: str | None
    asks_for_help: bool

    @property
    def uses_stdout(self) -> bool:
        """True if the builder's stdout is for the user's own use."""
        return self.asks_for_help or any(output.is_stdout for output in self.outputs)


def build_options(arguments: Sequence[str]) -> BuildOptions:
    """Return the options among a builder's arguments."""
    values: dict[str, list[str]] = {}
    for name, value in _options(arguments):
        values.setdefault(name, []).append(value)
    outputs = tuple(map(_output, values.get(_OUTPUT, ())))
    id_file, metadata_file = (values.get(name, [None])[-1] for name in (_ID_FILE, _METADATA_FILE))
    return BuildOptions(outputs, id_file, metadata_file, not _HELP.isdisjoint(arguments))


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the options that matter here."""
    for position, argument in enumerate(arguments):
        if argument == "--":
            return
        following = arguments[position + 1] if position + 1 < len(arguments) else ""
        if argument.startswith("--"):
            name, equals, value = argument[2:].partition("=")
            if name in (_OUTPUT, _ID_FILE, _METADATA_FILE):
                yield name, value if equals else following
        elif argument.startswith("-"):
            letters = argument[1:].lstrip(_SWITCHES)
            if letters.startswith("o"):
                yield _OUTPUT, letters[1:].removeprefix("=") or following


def _output(text: str) -> Output:
    """Return an output: ``type=oci,dest=x.tar``, or the short forms for a folder and for a tar on stdout."""
    fields = next(csv.reader([text]), [])
    if len(fields) == 1 and not text.startswith("type="):
        return Output("tar", _STDOUT) if text == _STDOUT else Output("local", text)
    pairs = dict(field.split("=", 1) for field in fields if "=" in field)
    return Output(pairs.get("type", ""), pairs.get("dest", ""))
