"""Keys and credentials that an image ships: plainly there, or removed by a later layer and pulled all the same."""

from collections.abc import Iterator
from typing import NamedTuple

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.secret_kinds import PREFIX_SIZE, SECRET_KINDS, SecretKind
from layerscope.analysis.search.path_patterns import matching_nodes
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.analysis.tree.path_index import GONE
from layerscope.model.entries import Kind
from layerscope.text import path_text, printable_name

_REMEDY = "Hand it over with `RUN --mount=type=secret` instead, and replace it: it is no secret any more."


class _Finding(NamedTuple):
    """A path that some layers hold a secret at; ``files`` are their occurrences."""

    kind: SecretKind
    node: int
    files: list[int]


def secrets(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each path with a secret, be it shown in the end or not."""
    for finding in _findings(evidence):
        tree, index = evidence.tree, evidence.tree.index
        path, last = index.path(finding.node), finding.files[-1]
        layer, size = (
            index.layers[last],
            sum(tree.tables[index.layers[one]].sizes[index.rows[one]] for one in finding.files),
        )
        name = f"{printable_name(path_text(path))}, {finding.kind.what},"
        if last + 1 == index.firsts[finding.node + 1]:
            text = f"{name} is in the image for everybody who pulls it. {_REMEDY}"
            yield evidence.advice(AdviceKind.SECRET, layer, size, text, [path])
        else:
            hidden_by = index.layers[last + 1]
            done = "removes" if index.rows[last + 1] == GONE else "overwrites"
            text = (
                f"{name} is in this layer for everybody who pulls the image, though layer {hidden_by} {done} it."
                f" {_REMEDY}"
            )
            yield evidence.advice(AdviceKind.SECRET, layer, size, text, [path], hidden_by=hidden_by)


def secrets_wanted(tree: LayeredTree) -> dict[int, int]:
    """Return which files, by occurrence, are looked into for secrets, and how many of their first bytes."""
    return {file: PREFIX_SIZE for _, files in _candidates(tree).values() for file in files}


def _findings(evidence: Evidence) -> Iterator[_Finding]:
    candidates = _candidates(evidence.tree)
    prefixes = evidence.prefixes([file for _, files in candidates.values() for file in files], PREFIX_SIZE)
    for node, (kind, files) in sorted(candidates.items()):
        held = [file for file in files if kind.is_held(prefixes.get(file) or b"")]
        if held:
            yield _Finding(kind, node, held)


def _candidates(tree: LayeredTree) -> dict[int, tuple[SecretKind, list[int]]]:
    """Return by node what kind of secret may be there, and the files that any layer holds there."""
    index, found = tree.index, dict[int, tuple[SecretKind, list[int]]]()
    for kind in SECRET_KINDS:
        for node in matching_nodes(index, kind.patterns):
            files = [one for one in index.occurrences(node) if index.rows[one] >= 0 and tree.kind(one) is Kind.FILE]
            if files and kind.is_candidate(index.path(node)):
                found.setdefault(node, (kind, files))
    return found
