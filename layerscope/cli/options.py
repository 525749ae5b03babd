"""The parameters that several commands share."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.errors import UsageError
from layerscope.model.engine import Engine
from layerscope.text import printable_name

if TYPE_CHECKING:
    from layerscope.analysis.tree.change import ChangeKind


def completed(kind: str) -> "Callable[[typer.Context, str], list[tuple[str, str]]]":
    """Return the function by which a shell completes an argument: one of `layerscope.cli.completion`."""

    def complete(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        from layerscope.cli import completion  # noqa: PLC0415  # 60 ms, and only for a shell that completes a word

        # behind an option that lacks its value, as --layer at the end of the line, arguments are not parsed
        unparsed = dict(zip(["reference"], context.args, strict=False))
        parsed = {name: value for name, value in context.params.items() if value is not None}
        return completion.completions(kind, unparsed | parsed, incomplete)

    return complete


Reference = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        help="An archive, an OCI layout folder, - for standard input, an image of a local engine by name, or registry://HOST/NAME:TAG.",
        show_default=False,
        autocompletion=completed("image"),
    ),
]
WhichImage = Annotated[
    str | None,
    typer.Option("--image", metavar="TAG", help="The image to open if there are several: its tag or digest."),
]
WhichPlatform = Annotated[
    str | None,
    typer.Option("--platform", metavar="OS/ARCH", help="The platform to open if there are several: linux/arm64."),
]
WhichEngine = Annotated[
    Engine | None,
    typer.Option(
        "--engine",
        help="The engine that has the image or the container; by default the first one: docker, podman, containerd.",
    ),
]
ListedEngine = Annotated[Engine | None, typer.Option("--engine", help="The engine to list; by default all.")]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="IMAGE|N",
        help="The base image: the number of its layers, or an image to open.",
        autocompletion=completed("layer or image"),
    ),
]
LayerNumber = Annotated[
    int | None,
    typer.Option(
        "--layer",
        metavar="N",
        help="The layer, from 1 at the base; by default the last.",
        autocompletion=completed("layer"),
    ),
]
DockerfileName = Annotated[
    str | None,
    typer.Option("--file", "-f", metavar="DOCKERFILE", help="The Dockerfile, if the image does not hold it."),
]
PathInImage = Annotated[
    str,
    typer.Argument(metavar="PATH", help="A path in the image.", show_default=False, autocompletion=completed("path")),
]


def _plain_http(wanted: bool) -> None:
    if wanted:
        from layerscope.session.open import use_plain_http  # noqa: PLC0415  # 30 ms, and help needs none

        use_plain_http()


PlainHttp = Annotated[
    bool,
    typer.Option("--plain-http", callback=_plain_http, help="Read registries by plain http instead of https."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON document.")]
DebugLog = Annotated[
    str | None,
    typer.Option("--debug", metavar="FILE", help="Write a log to the file."),
]
RowLimit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Only the first N rows, and the number of those left out."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Read everything again, and keep nothing for the next run.")]
Full = Annotated[
    bool,
    typer.Option("--full", help="Read layers in a registry whole, even if they have a table of contents."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]


def parse_changes(only: str | None, allowed: Sequence["ChangeKind"]) -> frozenset["ChangeKind"]:
    """Return the changes that a comma-separated list names, by default all allowed ones; raises UsageError."""
    kinds = {kind.word: kind for kind in allowed}
    words = list(kinds) if only is None else [word.strip() for word in only.split(",")]
    for word in words:
        if word not in kinds:
            expected = ", ".join(kinds)
            raise UsageError(f"--only takes a comma list of {expected}, not {printable_name(word) or 'nothing'}")
    return frozenset(kinds[word] for word in words)
