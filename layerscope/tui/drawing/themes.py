"""The two default themes. Textual's own can be chosen, too, also those in the colours of the terminal."""

from textual.theme import Theme

DARK = Theme(
    name="layerscope-dark",
    primary="#6cb6ff",
    secondary="#8ddb8c",
    accent="#dcbdfb",
    warning="#e3b341",
    error="#ff7b72",
    success="#57d364",
    foreground="#d1d7e0",
    background="#0d1117",
    surface="#0d1117",
    panel="#1c2333",
    dark=True,
)
LIGHT = Theme(
    name="layerscope-light",
    primary="#0550ae",
    secondary="#1a7f37",
    accent="#8250df",
    warning="#8a5a00",
    error="#b3261e",
    success="#116329",
    foreground="#1f2328",
    background="#ffffff",
    surface="#ffffff",
    panel="#e3e9f2",
    dark=False,
)
