"""Completion of command lines in bash, zsh and fish, and of those of docker.

A shell waits for it at each Tab: what takes longer than `_PATIENCE` is left out, and where nothing is offered,
the shell offers files. Typer's functions for shells pass what is printed to ``eval``: only plain names are offered.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import typer
from typer._click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string
from typer._completion_classes import BashComplete, FishComplete, ZshComplete

from layerscope.analysis.tree.image_links import followed
from layerscope.cache.cache import Cache
from layerscope.cli.app import make_command_line
from layerscope.errors import LayerscopeError
from layerscope.report.schema import DOCUMENTS
from layerscope.session.image_session import ImageSession
from layerscope.session.loaded_image import layer_number
from layerscope.session.local.listing import local_archives, local_tags
from layerscope.session.open import open_or_choose
from layerscope.signals import time_limit
from layerscope.text import path_bytes

_PATIENCE = 0.2
"""Seconds for what has to be looked up; to start Python takes as long."""

_PLAIN = re.compile(r"[\w./:@+,=~][\w./:@+,=~-]*")
_NOT_PLAIN = re.compile(r"[^\w./:@+,=~-]+")
_LONGEST_HELP = 60

_NO_FILES = 4
"""Cobra's directive for a shell that is not to offer files."""


def completions(kind: str, params: Mapping[str, Any], incomplete: str) -> list[tuple[str, str]]:
    """Return what can complete a word, each with a help text; ``kind`` is one of the keys of `sources`.

    ``params`` are the arguments before the word.
    """
    sources = {
        "image": [lambda: _archives(incomplete), _tags],
        "layer": [lambda: _layers(params)],
        "layer or image": [lambda: _layers(params), lambda: _archives(incomplete), _tags],
        "path": [lambda: _paths(params, incomplete)],
        "document": [lambda: iter(dict.fromkeys(DOCUMENTS, "").items())],
    }
    found: dict[str, str] = {}
    with time_limit(_PATIENCE), suppress(LayerscopeError):
        for value, text in chain.from_iterable(source() for source in sources[kind]):
            if value.startswith(incomplete) and _PLAIN.fullmatch(value):
                found.setdefault(value, _NOT_PLAIN.sub(" ", text)[:_LONGEST_HELP].strip())
    return list(found.items())


def _archives(incomplete: str) -> Iterator[tuple[str, str]]:
    folder = incomplete.rpartition("/")[0]
    start = f"{folder}/" if "/" in incomplete else ""
    here = Path(start or ".")
    for archive in local_archives(here):
        if Path(archive.reference) != here:
            yield start + Path(archive.reference).name, ""


def _tags() -> Iterator[tuple[str, str]]:
    for tag in local_tags():
        yield tag, ""


def _layers(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    with _opened(params) as session:
        for layer in session.image.layers:
            yield str(layer.number), session.image.step(layer.number).title


def _paths(params: Mapping[str, Any], incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield the paths in a folder of an image; of a folder that is the only match, also what it holds.

    So no shell adds a space after the name of a folder that is not empty.
    """
    with _opened(params) as session:
        tree, layer = session.load().tree, layer_number(session.image, params.get("layer"))

        def below(folder: str) -> Iterator[str]:
            node = followed(tree, layer, path_bytes(folder))
            for child in () if node is None else tree.index.children(node):
                if tree.is_present(child, layer):
                    name = tree.index.name(child).decode("utf-8", "replace")
                    yield f"{folder}{name}{'/' if tree.is_directory(child, layer) else ''}"

        typed, slash, _ = incomplete.rpartition("/")
        found = [path for path in below(typed + slash) if path.startswith(incomplete)]
        if len(found) == 1 and found[0].endswith("/"):
            found += below(found[0])
        for path in found:
            yield path, ""


def _opened(params: Mapping[str, Any]) -> ImageSession:
    """Open the image of the line, unless it comes on standard input, or from a registry or an engine's export."""
    reference = params.get("reference") or "-"
    if reference != "-" and not reference.startswith("registry://"):
        given = [params.get(name) for name in ("image", "platform", "engine")]
        # diff takes two of each
        image, platform, engine = (None if isinstance(value, list | tuple) else value for value in given)
        session = open_or_choose(reference, image, platform, engine=engine, cache=Cache())
        if isinstance(session, ImageSession) and not session.is_awaited:
            return session
        session.close()
    raise LayerscopeError("nothing to complete from")


class _OptionValues(ShellComplete):
    """A shell for which ``--layer=3`` is one word."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return what can replace the incomplete word."""
        name, equals, _ = incomplete.partition("=")
        found: list[CompletionItem] = super().get_completions(args, incomplete)
        if equals and name.startswith("-"):
            for item in found:
                item.value = f"{name}={item.value}"
        return found


class _Zsh(_OptionValues, ZshComplete):
    """zsh."""


class _Fish(_OptionValues, FishComplete):
    """fish."""


class _Bash(_OptionValues, BashComplete):
    """bash, which takes ``my-app:v1`` and ``--layer=3`` for three words each, and replaces only the last of them."""

    _kept = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the incomplete one, and that one."""
        words = os.environ["COMP_WORDS"].split("\n")[: int(os.environ["COMP_CWORD"]) + 1]
        line = re.sub(r"\n?([:=]+)(?:\n|$)", r"\1", "\n".join(words))
        *before, incomplete = [*split_arg_string(line), *([] if words[-1] else [""])]
        self._kept = incomplete.removesuffix("" if set(words[-1]) <= set(":=") else words[-1])
        return before[1:], incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Return what replaces the last word of bash."""
        return str(item.value).removeprefix(self._kept)


def use_own_shells() -> None:
    """Complete by the classes above."""
    for name, shell in (("bash", _Bash), ("zsh", _Zsh), ("fish", _Fish)):
        add_completion_class(shell, name)


def print_completions(words: Sequence[str]) -> int:
    """Print what can complete the last word, as Cobra's functions for shells expect it.

    https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
    """
    *before, incomplete = words or [""]
    found = _Zsh(make_command_line(), {}, "", "").get_completions(before, incomplete)
    for item in found:
        typer.echo(f"{item.value}\t{item.help}" if item.help else item.value)
    typer.echo(f":{_NO_FILES if found else 0}")
    return 0
