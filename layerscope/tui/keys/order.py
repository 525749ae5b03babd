"""Keys in their order: what one asks for is done before the next one is looked at.

Textual lets a key wander through widgets and messages while the next ones are on their way. Where several come at once
(held down, pasted, typed while a screen opens), they would act on what was there before.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar, TypeVar

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.widgets import Input

Result = TypeVar("Result")

_LEAVING = frozenset({"escape", "ctrl+q"})
"""Keys that wait for nothing, and take back those that do."""

_QUIT = "q"
"""It need not wait for what opens either; but behind keys that do, it may be a letter."""

_HELD_DOWN = frozenset(
    {"up", "down", "j", "k", "pageup", "pagedown", "ctrl+b", "ctrl+f", "left_square_bracket", "right_square_bracket"}
)
"""Keys that only move: a run of one of them is as good as its end, and what it leads to is shown once."""

_LOOK_AGAIN = 0.01
"""Seconds until keys that wait are tried again."""

_PATIENCE = 0.5
"""Seconds that a widget is given to do what a key asked for."""


class OpensLater:
    """A screen that opens in a while: but for ``live_keys``, keys wait until it is ready, and laid out."""

    live_keys: ClassVar[frozenset[str]] = frozenset()
    is_ready = False

    def become_ready(self) -> None:
        """Take keys from now on; to be called after the refresh that shows what was opened."""
        self.is_ready = True

    def takes(self, key: str) -> bool:
        """Tell whether the screen can do by now what a key asks for."""
        return self.is_ready or key in self.live_keys


class OrderedKeys(App[Result]):
    """An application that takes one key after the other, and keeps those for a screen that is still opening."""

    def __init__(self) -> None:
        super().__init__()
        self._held: deque[events.Key] = deque()
        self._last_key = ""
        self._last_target: DOMNode | None = None

    async def on_event(self, event: events.Event) -> None:
        """Take a key, or anything else."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        await self._settle(event.key)
        if self.is_open and event.key in _LEAVING:
            self._held.clear()
        elif self._held or not self._takes(event.key):
            self._held.append(event)
            self._look_again()
            return
        await self._take(event)

    @property
    def is_open(self) -> bool:
        """Whether the screen has its widgets."""
        stack = self.screen_stack
        return bool(stack) and stack[-1].is_mounted

    def _takes(self, key: str) -> bool:
        if not self.is_open:
            return False
        screen = self.screen
        return not isinstance(screen, OpensLater) or key == _QUIT or screen.takes(key)

    def _look_again(self) -> None:
        self.set_timer(_LOOK_AGAIN, self._let_go)

    async def _let_go(self) -> None:
        """Take the keys that were held, as far as the screen takes them now."""
        while self._held and self._takes(self._held[0].key):
            event = self._held.popleft()
            await self._take(event)
            await self._settle()
        if self._held:
            self._look_again()

    async def _take(self, event: events.Key) -> None:
        """Do what the key is bound to; a character goes to where text is typed."""
        self._last_key, self._last_target = event.key, self.focused or self.screen
        is_text = isinstance(self.focused, Input) and event.is_printable
        is_free = self.screen.maximized is None and not is_text
        if is_free and (await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key)):
            return
        await super().on_event(event)

    async def _settle(self, following: str = "") -> None:
        """Wait until all is done that the last key asked for, unless the following one is part of the same run."""
        target, self._last_target = self._last_target, None
        if target is None or (following == self._last_key and following in _HELD_DOWN):
            return
        for pump in _upwards(target):
            await _idle(pump)


def _upwards(node: DOMNode) -> Iterable[MessagePump]:
    """Return a node and what its messages bubble to, but for the application."""
    return [each for each in node.ancestors_with_self if not isinstance(each, App)]


async def _idle(pump: MessagePump) -> None:
    """Wait until the messages that a widget has now are handled."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await done.wait()
