"""The user's settings in the application."""

from typing import Protocol, cast

from textual.message_pump import MessagePump

from layerscope.settings.preferences import Preferences


class _Preferring(Protocol):
    """An application with settings."""

    preferences: Preferences


def preferences_of(node: MessagePump) -> Preferences:
    """Return the settings of the application that a widget or screen belongs to."""
    return cast("_Preferring", node.app).preferences
