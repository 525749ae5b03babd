"""The keys of a screen as commands of the command palette."""

from collections.abc import Callable, Iterable
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen


def key_commands(screen: Screen[Any]) -> Iterable[SystemCommand]:
    """Yield the keys that work now, each once, without those of the application, which Textual adds itself."""
    seen = set[str | None]()
    for node, binding, enabled, tooltip in screen.active_bindings.values():
        is_apps = isinstance(node, App) or binding.action.removeprefix("app.") == "quit"
        if enabled and tooltip and not is_apps and binding.id not in seen:
            seen.add(binding.id)
            title = binding.description[:1].upper() + binding.description[1:]
            yield SystemCommand(
                title, f"{binding.key_display or binding.key}: {tooltip}", _runner(screen, node, binding)
            )


def _runner(screen: Screen[Any], node: DOMNode, binding: Binding) -> Callable[[], object]:
    return lambda: screen.call_later(screen.app.run_action, binding.action, node)
