"""Compilers, headers and static libraries that stay in the image, which a separate build stage leaves behind."""

from collections.abc import Iterator

from layerscope.analysis.advice.advice import Advice, AdviceKind, Evidence
from layerscope.analysis.advice.held import fix, held_live
from layerscope.analysis.search.path_patterns import topmost_nodes
from layerscope.text import human_size

_COMPILERS = (
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
)
_HEADERS = ("usr/include", "usr/local/include")
_ALLOWANCE = 5
"""Images for an interpreted language need a few headers, so that only a saving so many times as large is advised."""

_REMEDY = "Build in a separate stage and copy only the result: `COPY --from=build …`."


def build_tools(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice for each layer with large compilers and headers."""
    index = evidence.tree.index
    for layer, waste in held_live(evidence, topmost_nodes(index, [*_COMPILERS, *_HEADERS])).items():
        if evidence.matters(waste.size // _ALLOWANCE):
            text = f"{human_size(waste.size)} of compilers and headers, which only builds need, come from this layer."
            text = f"{text} {fix(evidence, layer, _REMEDY)}"
            cause, paths = "compilers and headers, which only builds need", waste.paths(index)
            yield evidence.advice(AdviceKind.BUILD_TOOLS, layer, waste.files, cause=cause, text=text, paths=paths)
