"""Sentences that several rules share."""

from layerscope.analysis.advice.advice import Evidence

COPYING = ("COPY", "ADD")


def fix(evidence: Evidence, layer: int, for_run: str) -> str:
    """Return what to do about files that a layer should not hold: ``for_run`` where it was a RUN that wrote them."""
    keyword = evidence.keyword(layer)
    if keyword == "RUN":
        return for_run
    if keyword in COPYING:
        return "Leave them out of what is copied: with a .dockerignore, or by copying only what is needed."
    return "Keep them out where this layer is made, or choose a base without them."
