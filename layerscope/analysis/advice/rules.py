"""All rules, in the order that they are asked in."""

from layerscope.analysis.advice.advice import Advice, Evidence, Instructions, Rule
from layerscope.analysis.advice.build_tools import build_tools
from layerscope.analysis.advice.deleted_later import deleted_later
from layerscope.analysis.advice.duplicate_files import duplicate_files
from layerscope.analysis.advice.leftovers import bytecode, core_dumps, core_dumps_wanted, logs, version_control
from layerscope.analysis.advice.metadata_copies import metadata_copies
from layerscope.analysis.advice.package_caches import package_caches
from layerscope.analysis.advice.recommended import recommended_packages, recommended_wanted
from layerscope.analysis.advice.rewritten import rewritten
from layerscope.analysis.advice.secrets import secrets_wanted
from layerscope.analysis.size.live import LiveFiles
from layerscope.analysis.tree.layered_tree import LayeredTree

RULES: tuple[Rule, ...] = (
    package_caches,
    deleted_later,
    metadata_copies,
    rewritten,
    recommended_packages,
    build_tools,
    duplicate_files,
    version_control,
    bytecode,
    core_dumps,
    logs,
)


def wanted_prefixes(tree: LayeredTree, live: LiveFiles, instructions: Instructions) -> dict[int, int]:
    """Return which files, by occurrence, the rules look into, and how many first bytes: to be read in one pass."""
    by_package = recommended_wanted(tree, live, instructions)
    return core_dumps_wanted(tree, live) | secrets_wanted(tree) | by_package


def advise(evidence: Evidence, rules: tuple[Rule, ...] = RULES) -> tuple[Advice, ...]:
    """Return all advice, what saves most first."""
    found = [advice for rule in rules for advice in rule(evidence)]
    return tuple(sorted(found, key=lambda advice: (-advice.saves, advice.layer)))
