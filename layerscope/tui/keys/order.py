"""Keys in the order they are pressed: each one is handled completely before the next one is looked at.

Textual passes a key through widgets and messages while the next keys arrive. Keys that arrive together (held down,
pasted, typed while a screen opens) would act on the state before the first of them.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.dom import DOMNode
from textual.geometry import Offset
from textual.message_pump import MessagePump
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Input

from layerscope.tui.services import warn

_LEAVING = frozenset({"escape", "ctrl+q", "ctrl+c"})
"""Keys that never wait, and drop those that do."""

_QUIT = "q"
"""A key that need not wait for a screen to open, but after waiting keys it may be a letter of a text."""

_HELD_DOWN = frozenset(
    {"up", "down", "j", "k", "pageup", "pagedown", "ctrl+b", "ctrl+f", "left_square_bracket", "right_square_bracket"}
)
"""Keys that only move: of several in a row, only the last needs to be shown."""

_RETRY = 0.01
"""Seconds until waiting keys are tried again."""

_PATIENCE = 0.5
"""Seconds that a widget has to handle a key."""


class OpensLater:
    """A screen that is not ready when it appears: keys wait until it is, except for ``live_keys``."""

    live_keys: ClassVar[frozenset[str]] = frozenset()
    is_ready = False

    def become_ready(self) -> None:
        """Accept keys from now on. Call it after the refresh that shows the content."""
        self.is_ready = True

    def takes(self, key: str) -> bool:
        """Return whether the screen can handle a key now."""
        return self.is_ready or key in self.live_keys


class LeftOnce(Screen[ScreenResultType]):
    """A screen that is left once: Textual's own pops the screen on top, and ends the application on the first screen.

    A click, or a second key that was under way, may ask a screen that is gone, or that another one covers.
    """

    @property
    def is_left(self) -> bool:
        """True once the screen was left, or the application ends: its widgets go before the screen does."""
        return self.app.return_code is not None or self not in self.app.screen_stack

    async def on_event(self, event: events.Event) -> None:
        """Handle an event, but compose and mount no screen that was left before that: its widgets would be missing."""
        if not (isinstance(event, events.Compose | events.Mount) and self.is_left):
            await super().on_event(event)

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Call a function once the screen has been drawn again, unless it was left by then."""
        return super().call_after_refresh(lambda: None if self.is_left else callback(*args, **kwargs))

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave the screen if it is on top, and not the first one."""
        return super().dismiss(result) if self.is_active and not is_first(self) else AwaitComplete()

    def leave(self, result: ScreenResultType | None = None) -> None:
        """Leave the screen, and all that cover it, such as the palette."""
        stack = self.app.screen_stack
        if self in stack:
            for screen in reversed(stack[stack.index(self) :]):
                screen.dismiss(result if screen is self else None)

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """Return what a click hits: not a widget that was removed since the last picture, whose parent Textual asks."""
        widget, offset = super().get_widget_and_offset_at(x, y)
        return (widget, offset) if widget is None or widget.is_attached else (None, None)


class SaysWhyNot:
    """A screen or widget whose disabled keys say why they do nothing: ``why_not`` has a sentence by action."""

    why_not: ClassVar[Mapping[str, str]] = {}


class KeyQueue:
    """The keys of an application, one after the other; keys for a screen that is still opening wait in it.

    ``pass_on`` is Textual's own way to handle a key.
    """

    def __init__(self, app: App[Any], pass_on: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._pass_on = pass_on
        self._waiting: deque[tuple[events.Key, Screen[Any] | None]] = deque()
        """Keys, each with the screen that was on top when it was pressed."""
        self._last_key = ""
        self._last_target: DOMNode | None = None

    async def press(self, event: events.Key) -> None:
        """Handle a key, or let it wait."""
        await self._settle(event.key)
        if is_open(self._app) and event.key in _LEAVING:
            self._waiting.clear()
        elif self._waiting or not self._takes(event.key):
            self._waiting.append((event, next(reversed(self._app.screen_stack), None)))
            self._retry()
            return
        await self._handle(event)

    def _takes(self, key: str) -> bool:
        if not is_open(self._app):
            return False
        screen = self._app.screen
        return not isinstance(screen, OpensLater) or key == _QUIT or screen.takes(key)

    def _retry(self) -> None:
        self._app.set_timer(_RETRY, self._handle_waiting)

    async def _handle_waiting(self) -> None:
        """Handle the waiting keys that the screen accepts now, except those for a screen that is gone."""
        while self._waiting and self._takes(self._waiting[0][0].key):
            event, screen = self._waiting.popleft()
            if screen is None or screen in self._app.screen_stack:
                await self._handle(event)
                await self._settle()
        if self._waiting:
            self._retry()

    async def _handle(self, event: events.Key) -> None:
        """Run the action that the key is bound to, or pass a character on to the text that is being typed."""
        app = self._app
        self._last_key, self._last_target = event.key, app.focused or app.screen
        is_text = isinstance(app.focused, Input) and event.is_printable
        is_bound = app.screen.maximized is None and not is_text
        if not (is_bound and (await self._run_binding(event.key, priority=True) or await self._run_binding(event.key))):
            if is_bound:
                self._say_why_not(event.key)
            await self._pass_on(event)

    def _say_why_not(self, key: str) -> None:
        """Say why a key does nothing, if it is bound and its action is disabled."""
        app = self._app
        for node, bindings in app.screen._modal_binding_chain:  # noqa: SLF001  # Textual has no public name for it
            for binding in bindings.key_to_bindings.get(key, ()):
                if isinstance(node, SaysWhyNot) and binding.action.partition("(")[0] in node.why_not:
                    warn(app.screen, node.why_not[binding.action.partition("(")[0]])
                    return

    async def _run_binding(self, key: str, *, priority: bool = False) -> bool:
        # Textual has no public way to run a binding and to wait for its action.
        return await self._app._check_bindings(key, priority=priority)  # noqa: SLF001

    async def _settle(self, following: str = "") -> None:
        """Wait until the last key is handled, unless the following one is of the same run of moves."""
        target, self._last_target = self._last_target, None
        if target is None or (following == self._last_key and following in _HELD_DOWN):
            return
        for pump in _upwards(target):
            await _idle(pump)


def is_open(app: App[Any]) -> bool:
    """Return whether the application's screen has its widgets."""
    stack = app.screen_stack
    return bool(stack) and stack[-1].is_mounted


def is_first(screen: Screen[Any]) -> bool:
    """Return whether no other screen has opened this one, so that there is no way back from it."""
    return screen.app.screen_stack[0] is screen


def _upwards(node: DOMNode) -> Iterable[MessagePump]:
    """Return a node and the ancestors that its messages bubble to, without the application."""
    return [pump for pump in node.ancestors_with_self if not isinstance(pump, App)]


async def _idle(pump: MessagePump) -> None:
    """Wait until a widget has handled the messages that it has now."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await done.wait()
