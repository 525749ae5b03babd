"""Files in the final image that nothing needs at run time: bytecode, version control, core dumps, logs."""

import re
from collections.abc import Iterator

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.fix import fix
from layerscope.analysis.advice.held import held_live
from layerscope.analysis.search.path_patterns import nodes_holding, topmost_nodes
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.text import human_size, plural

_CORE_NAME = re.compile(rb"core(?:\.[0-9]+)?|.+\.core")
_ELF_TYPE = slice(16, 18)
_CORE_TYPES = (b"\4\0", b"\0\4")
"""An ELF file's type where it is a core dump, in either byte order."""


def bytecode(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on Python bytecode, which Python makes itself when it runs."""
    remedy = "Delete the __pycache__ folders at the end of this RUN, or install with `pip install --no-compile`."
    for layer, found in held_live(evidence, topmost_nodes(evidence.tree.index, ["**/__pycache__"])).items():
        if evidence.matters(found.size):
            text = f"{human_size(found.size)} of Python bytecode in this layer spare a little time at the first start."
            text = f"{text} {fix(evidence, layer, remedy)}"
            yield evidence.advice(AdviceKind.BYTECODE, layer, found.size, text, found.paths(evidence.tree.index))


def version_control(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on Git repositories, which tell of all that ever was in them."""
    index = evidence.tree.index
    nodes = [node for node in topmost_nodes(index, ["**/.git"]) if index.child(node, b"HEAD") is not None]
    remedy = "Clone in a stage of its own, or delete the .git folder at the end of this RUN."
    for layer, found in held_live(evidence, nodes).items():
        text = f"A Git repository with its whole history, {human_size(found.size)}, is in this layer."
        text = f"{text} {fix(evidence, layer, remedy)}"
        yield evidence.advice(AdviceKind.VERSION_CONTROL, layer, found.size, text, found.paths(index))


def logs(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on logs of the build."""
    remedy = "Delete them at the end of this RUN."
    for layer, found in held_live(evidence, topmost_nodes(evidence.tree.index, ["var/log"])).items():
        if evidence.matters(found.size):
            text = f"{human_size(found.size)} of logs are in this layer. {fix(evidence, layer, remedy)}"
            yield evidence.advice(AdviceKind.LOGS, layer, found.size, text, found.paths(evidence.tree.index))


def core_dumps_wanted(tree: LayeredTree, live: LiveFiles) -> dict[int, int]:
    """Return which files, by occurrence, are looked into for core dumps, and how many of their first bytes."""
    return dict.fromkeys(_suspects(tree, live), _ELF_TYPE.stop)


def _suspects(tree: LayeredTree, live: LiveFiles) -> dict[int, int]:
    """Return the nodes of the files whose names are those of core dumps, by occurrence."""
    named = [node for node in nodes_holding(tree.index, b"core") if _CORE_NAME.fullmatch(tree.index.name(node))]
    return {live.occurrences[place]: node for node in named for place in live.below(node, node + 1)}


def core_dumps(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on core dumps: files of such a name that are ELF files of that type."""
    index, suspects = evidence.tree.index, _suspects(evidence.tree, evidence.live)
    prefixes = evidence.prefixes(list(suspects), _ELF_TYPE.stop)
    dumps = [node for file, node in suspects.items() if _is_core(prefixes.get(file))]
    for layer, found in held_live(evidence, dumps).items():
        count = plural(len(found.places), "core dump")
        text = f"{count}, {human_size(found.size)}, in this layer may hold what was in a program's memory."
        text = f"{text} {fix(evidence, layer, 'Delete them, and look for the crash behind them.')}"
        yield evidence.advice(AdviceKind.CORE_DUMP, layer, found.size, text, found.paths(index))


def _is_core(head: bytes | None) -> bool:
    return head is not None and head.startswith(b"\x7fELF") and head[_ELF_TYPE] in _CORE_TYPES
