"""Keys and credentials that an image ships: in the final image, or removed by a later layer and pulled all the same."""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.advice.secret_kinds import PREFIX_SIZE, SECRET_PATTERNS, SecretKind, SecretPattern
from layerscope.analysis.content import ContentNeed, Prefixes
from layerscope.analysis.search.path_patterns import PathMatcher, matching_nodes
from layerscope.analysis.tree.change import GONE
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.model.entries import Kind
from layerscope.text import path_text, printable_name

REMEDY = "Use `RUN --mount=type=secret` instead, and revoke it: everyone who can pull the image can read it."
"""The advice for any secret."""


_SECRET_PATHS = PathMatcher(glob for pattern in SECRET_PATTERNS for glob in pattern.patterns)


class Secret(NamedTuple):
    """A path at which an image ships a secret.

    ``layer`` is the first one that holds it, and ``size`` the bytes of the file there. ``removed_in`` is the layer that
    removed or overwrote the last copy at the path, or None if the final image has one; ``fate`` says so in a sentence.
    """

    path: bytes
    kind: SecretKind
    layer: int
    removed_in: int | None
    node: int
    size: int
    fate: str

    @property
    def text(self) -> str:
        """The finding and the advice, in two sentences that are safe to print."""
        name = printable_name(path_text(self.path))
        return f"{name}, {self.kind.words}, {self.fate.removeprefix('It ')} {REMEDY}"


def find_secrets(tree: LayeredTree, prefixes: Prefixes) -> tuple[Secret, ...]:
    """Return the secrets of all layers, by layer and path."""
    candidates = _candidates(tree)
    contents = prefixes([file for _, files in candidates.values() for file in files], PREFIX_SIZE)
    secrets = []
    for node, (pattern, files) in candidates.items():
        holding = [file for file in files if pattern.is_held(contents.get(file) or b"")]
        if holding:
            secrets.append(_secret(tree, node, pattern.kind, holding))
    return tuple(sorted(secrets, key=lambda secret: (secret.layer, secret.path)))


def _candidates(tree: LayeredTree) -> dict[int, tuple[SecretPattern, list[int]]]:
    """Return by node the pattern that its path matches, and the files that any layer holds there."""
    index, candidates = tree.index, dict[int, tuple[SecretPattern, list[int]]]()
    for pattern in SECRET_PATTERNS:
        for node in matching_nodes(index, pattern.patterns):
            files = list(_files_at(tree, node))
            if files and pattern.is_candidate(index.path(node)):
                candidates.setdefault(node, (pattern, files))
    return candidates


SECRETS = ContentNeed(
    lambda path, _size: PREFIX_SIZE if _SECRET_PATHS.matches(path) else 0,
    lambda files: {file: PREFIX_SIZE for _, candidates in _candidates(files.tree).values() for file in candidates},
)
"""The first bytes of files that may hold a secret, of all layers."""


def _files_at(tree: LayeredTree, node: int) -> Iterator[int]:
    for occurrence in tree.index.occurrences(node):
        if tree.index.rows[occurrence] >= 0 and tree.kind(occurrence) is Kind.FILE:
            yield occurrence


def _secret(tree: LayeredTree, node: int, kind: SecretKind, files: list[int]) -> Secret:
    index, following = tree.index, files[-1] + 1
    is_shown = following == index.firsts[node + 1]
    removed_in = None if is_shown else index.layers[following]
    path = index.path(node)
    fate = "It is in the image."
    if removed_in is not None:
        verb = "removes" if index.rows[following] == GONE else "overwrites"
        fate = f"It is in this layer, although layer {removed_in} {verb} it."
    return Secret(path, kind, index.layers[files[0]], removed_in, node, tree.own_size(files[0]), fate)
