"""The explorer: the only package that uses Textual."""

import sys

if "ssl" not in sys.modules:
    # asyncio does without it where there is none, and no screen needs it: it takes 4 of 170 ms until the first one
    sys.modules["ssl"] = None  # type: ignore[assignment]  # Python documents it as "not to be imported"
    import asyncio  # noqa: F401

    del sys.modules["ssl"]
