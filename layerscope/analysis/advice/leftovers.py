"""Files of the final image that nothing needs at run time: bytecode, version control, core dumps, logs, compilers."""

import re
from collections.abc import Iterator
from posixpath import commonpath, dirname

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.edits import Edits, continued, deletion, deletion_below, replaced
from layerscope.analysis.advice.held import Held, fix, held_live
from layerscope.analysis.content import ContentNeed
from layerscope.analysis.file_types.by_prefix import ELF_MAGIC
from layerscope.analysis.search.path_patterns import topmost_nodes
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree
from layerscope.text import human_size, plural

_PIP = re.compile(r"\bpip[0-9.]*\b")
_INSTALL, _WITHOUT_BYTECODE = "pip install", "pip install --no-compile"
_CORE_NAME = re.compile(rb"core(?:\.[0-9]+)?|.+\.core")
_ELF_TYPE = slice(16, 18)
_CORE_TYPES = (b"\4\0", b"\0\4")
"""The type of an ELF file that is a core dump, in either byte order."""

_BUILD_TOOLS = (
    "usr/lib/gcc",
    "usr/libexec/gcc",
    "usr/lib/llvm-*/bin",
    "usr/lib/llvm-*/include",
    "usr/bin/clang*",
    "usr/lib/rustlib",
    "usr/local/rustup/toolchains",
    "**/.rustup/toolchains",
    "usr/local/go/pkg/tool",
    "usr/local/go/bin",
    "usr/local/go/src",
    "usr/lib/go-*",
    "usr/include",
    "usr/local/include",
)
_ALLOWANCE = 5
"""Images for an interpreted language need a few headers, so that only a saving five times as large is advised."""

_SEPARATE_STAGE = "Build in a separate stage and copy only the result: `COPY --from=build …`."


def _advice(
    evidence: Evidence,
    kind: AdviceKind,
    layer: int,
    waste: Held,
    *,
    cause: str,
    lead: str,
    remedy: str,
    edits: Edits = (),
) -> Advice:
    """Return advice on the waste of a layer: ``lead``, its dead copies and the remedy are sentences."""
    dead = f" {human_size(waste.dead)} of it are dead copies, because layer {waste.hidden_by} stores the files again."
    text = f"{lead}{'' if waste.hidden_by is None else dead} {fix(evidence, layer, remedy)}"
    paths = waste.paths(evidence.tree.index)
    return evidence.advice(kind, layer, waste.files, cause=cause, text=text, paths=paths, edits=edits)


def bytecode(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on Python bytecode, which Python makes itself when it runs."""
    index = evidence.tree.index
    for layer, waste in held_live(evidence, topmost_nodes(index, ["**/__pycache__"])).items():
        lead = (
            f"{human_size(waste.size)} of Python bytecode come from this layer, to speed up the first start a little."
        )
        cause, remedy = f"Python bytecode{_copied(waste)}", _bytecode_remedy(evidence, layer)
        edits = _bytecode_edits(evidence, layer, waste.paths(index))
        yield _advice(evidence, AdviceKind.BYTECODE, layer, waste, cause=cause, lead=lead, remedy=remedy, edits=edits)


def _bytecode_remedy(evidence: Evidence, layer: int) -> str:
    remedy = "Delete the `__pycache__` folders at the end of this RUN"
    is_pip = _PIP.search(evidence.instructions.get(layer) or "")
    return f"{remedy}, or install with `pip install --no-compile`." if is_pip else f"{remedy}."


def _bytecode_edits(evidence: Evidence, layer: int, paths: list[bytes]) -> Edits:
    run = evidence.run(layer)
    if run is not None and len(_PIP.findall(run)) == 1 and (flag := replaced(layer, run, _INSTALL, _WITHOUT_BYTECODE)):
        return flag
    return continued(layer, run, deletion_below(commonpath(map(dirname, paths)), "__pycache__"))


def _copied(waste: Held) -> str:
    """Return words on the layer that stored some of the files again, or nothing."""
    return "" if waste.hidden_by is None else f", stored again by layer {waste.hidden_by}"


def version_control(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on Git repositories, which reveal everything that ever was in them."""
    index, kind = evidence.tree.index, AdviceKind.VERSION_CONTROL
    nodes = [node for node in topmost_nodes(index, ["**/.git"]) if index.child(node, b"HEAD") is not None]
    remedy = "Clone in a separate stage, or delete the .git folder at the end of this RUN."
    for layer, waste in held_live(evidence, nodes).items():
        cause = "a Git repository with its whole history"
        lead = f"A Git repository with its whole history, {human_size(waste.size)}, comes from this layer."
        edits = continued(layer, evidence.run(layer), deletion(waste.paths(index)))
        yield _advice(evidence, kind, layer, waste, cause=cause, lead=lead, remedy=remedy, edits=edits)


def logs(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on logs of the build."""
    remedy = "Delete them at the end of this RUN."
    for layer, waste in held_live(evidence, topmost_nodes(evidence.tree.index, ["var/log"])).items():
        cause, lead = f"logs of the build{_copied(waste)}", f"{human_size(waste.size)} of logs come from this layer."
        edits = continued(layer, evidence.run(layer), "find /var/log -type f -delete")
        yield _advice(evidence, AdviceKind.LOGS, layer, waste, cause=cause, lead=lead, remedy=remedy, edits=edits)


def _needed_of_file(path: bytes, _size: int) -> int:
    name = path.rpartition(b"/")[2]
    return _ELF_TYPE.stop if b"core" in name and _CORE_NAME.fullmatch(name) else 0


def _suspects(tree: LayeredTree, live: LiveFiles) -> dict[int, int]:
    """Return the nodes of the files that have the name of a core dump, by occurrence."""
    named = [node for node in tree.index.nodes_holding(b"core") if _CORE_NAME.fullmatch(tree.index.name(node))]
    return {live.occurrences[at]: node for node in named for at in live.below(node, node + 1)}


CORE_DUMPS = ContentNeed(
    _needed_of_file, lambda files: dict.fromkeys(_suspects(files.tree, files.live), _ELF_TYPE.stop)
)
"""The first bytes of files that have the name of a core dump."""


def core_dumps(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice on core dumps: files with such a name that are ELF files of that type."""
    suspects, remedy = _suspects(evidence.tree, evidence.live), "Delete them, and find the cause of the crash."
    prefixes = evidence.prefixes(list(suspects), _ELF_TYPE.stop)
    dumps = [node for file, node in suspects.items() if _is_core(prefixes.get(file))]
    for layer, waste in held_live(evidence, dumps).items():
        count = plural(len(waste.roots), "core dump")
        lead = f"{count} of {human_size(waste.size)} from this layer may hold the memory of a program."
        yield _advice(evidence, AdviceKind.CORE_DUMP, layer, waste, cause=count, lead=lead, remedy=remedy)


def _is_core(prefix: bytes | None) -> bool:
    return prefix is not None and prefix.startswith(ELF_MAGIC) and prefix[_ELF_TYPE] in _CORE_TYPES


def build_tools(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each layer with large compilers and headers."""
    index = evidence.tree.index
    for layer, waste in held_live(evidence, topmost_nodes(index, _BUILD_TOOLS)).items():
        if evidence.matters(waste.size // _ALLOWANCE):
            text = f"{human_size(waste.size)} of compilers and headers, which only builds need, come from this layer."
            text = f"{text} {fix(evidence, layer, _SEPARATE_STAGE)}"
            cause, paths = "compilers and headers, which only builds need", waste.paths(index)
            yield evidence.advice(AdviceKind.BUILD_TOOLS, layer, waste.files, cause=cause, text=text, paths=paths)
