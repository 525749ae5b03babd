"""The private names of Textual that the package uses: each is listed here, because any new version may lack it."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

import layerscope.tui

USED = [
    (App, "_check_bindings", "KeyQueue waits for the action of a key; simulate_key does not wait"),
    (Screen, "_modal_binding_chain", "KeyQueue says why a key does nothing; active_bindings has no disabled keys"),
    (App, "_notifications", "a notice that is shown again replaces the first; clear_notifications removes all"),
    (App, "_unnotify", "the same"),
    (App, "_driver", "the watchdog restores the terminal of an application that no longer answers"),
    (LinuxDriver, "_file", "output to a terminal that is gone is discarded, so that nothing waits for it"),
]


@pytest.mark.parametrize(("owner", "name", "reason"), USED, ids=[name for _, name, _ in USED])
def test_textual_has_a_private_name_that_is_used(owner: type, name: str, reason: str) -> None:
    assert name in members(owner), f"Textual's {owner.__name__} has no {name} any more; it is used because {reason}"


def test_no_other_private_name_of_textual_is_used() -> None:
    for module in walk_packages(layerscope.tui.__path__, "layerscope.tui."):
        import_module(module.name)
    uses = sorted({*private_imports(), *uses_from_outside(), *names_shared_with_a_base()})
    listed = {name for _, name, _ in USED}
    assert [f"{where}: {name}" for where, name in uses if name not in listed] == []
    assert listed <= {name for _, name in uses}, "an unused name stays in the list"


def private_imports() -> Iterator[tuple[str, str]]:
    """Yield the private names and modules that are imported from Textual."""
    for module, tree in trees("layerscope"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import):
                source = (getattr(node, "module", None) or "").split(".")
                for name in [alias.name.split(".") for alias in node.names]:
                    if "textual" in (source[0], name[0]):
                        yield from ((module, part) for part in [*source, *name] if is_private(part))


def uses_from_outside() -> Iterator[tuple[str, str]]:
    """Yield the private attributes of other objects, if a class of Textual has one of that name."""
    textuals = {name for module, _ in trees("textual") for cls in classes(module).values() for name in names_in(cls)}
    # a public method of named tuples
    textuals.discard("_replace")
    for module, tree in trees("layerscope.tui"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and not is_own(node) and node.attr in textuals:
                yield module, node.attr


def names_shared_with_a_base() -> Iterator[tuple[str, str]]:
    """Yield the private names that our classes use or define and a base class of Textual has, also by accident."""
    for module, _ in trees("layerscope.tui"):
        for cls in vars(sys.modules[module]).values():
            if isinstance(cls, type) and cls.__module__ == module:
                ours = {name for base in cls.__mro__ if is_from(base, "layerscope") for name in members(base)}
                textuals = {name for base in cls.__mro__ if is_from(base, "textual") for name in members(base)}
                yield from ((f"{module}.{cls.__name__}", name) for name in ours & textuals)


def trees(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules of a package that are imported."""
    yield from ((name, parsed(name)) for name in [*sys.modules] if f"{name}.".startswith(f"{package}."))


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(Path(sys.modules[module].__file__ or "").read_bytes())


@cache
def classes(module: str) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.walk(parsed(module)) if isinstance(node, ast.ClassDef)}


def members(cls: type) -> frozenset[str]:
    """Return the private names that the body of a class has."""
    node = classes(cls.__module__).get(cls.__name__)
    return names_in(node) if node is not None else frozenset()


@cache
def names_in(cls: ast.ClassDef) -> frozenset[str]:
    """Return the private names that a class defines, or uses through self."""
    methods = {node.name for node in cls.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    targets = {ast.unparse(node.target) for node in cls.body if isinstance(node, ast.AnnAssign)}
    targets |= {ast.unparse(name) for node in cls.body if isinstance(node, ast.Assign) for name in node.targets}
    used = {node.attr for node in ast.walk(cls) if isinstance(node, ast.Attribute) and is_own(node)}
    return frozenset(filter(is_private, methods | targets | used))


def is_own(node: ast.Attribute) -> bool:
    return ast.unparse(node.value) in ("self", "cls", "super()")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def is_from(cls: type, package: str) -> bool:
    return cls.__module__.partition(".")[0] == package
