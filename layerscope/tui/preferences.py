"""The user's settings in the application: theme, units, keys, and what is wrong with them."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Protocol, cast

from textual.message_pump import MessagePump

import layerscope.tui
from layerscope.settings.config_file import nearest
from layerscope.settings.preferences import Preferences
from layerscope.text import short_name
from layerscope.tui.keys.table import known_ids


class _Preferring(Protocol):
    """An application with settings."""

    preferences: Preferences


def preferences_of(node: MessagePump) -> Preferences:
    """Return the settings of the application that a widget or screen belongs to."""
    return cast("_Preferring", node.app).preferences


def known_choices(preferences: Preferences) -> Mapping[str, str]:
    """Return the keys that the user has chosen, by the id of their command; an unknown id becomes a problem."""
    chosen = preferences.settings.keys
    if not chosen:
        return {}
    # the key tables are in the modules of their screens, which are imported when they are opened
    for module in walk_packages(layerscope.tui.__path__, "layerscope.tui."):
        import_module(module.name)
    ids = sorted(known_ids())
    for name in chosen.keys() - ids:
        unknown = f"{preferences.config_path}: there is no key with the id {short_name(name)}"
        preferences.problems.append(unknown + nearest(name, ids))
    return {name: keys for name, keys in chosen.items() if name in ids}
