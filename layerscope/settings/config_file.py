"""config.toml, which the user writes. A mistake in it is a sentence, and everything else in it counts."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from layerscope.errors import os_reason
from layerscope.settings.settings import OPTIONS
from layerscope.text import printable_line, short_name

_LARGEST = 1 << 20
_MOST_NAMED = 20
"""Known words that a sentence lists."""


class ConfigFile(Struct):
    """The values that the file sets, by the names of the settings, and a sentence for each mistake."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_config(path: Path) -> ConfigFile:
    """Return what the file sets; nothing if there is none."""
    config, name = ConfigFile(), short_name(str(path))
    try:
        if not path.is_file() and path.exists():
            config.problems.append(f"{name} is ignored: it is not a file")
            return config
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return config
    except OSError as error:
        config.problems.append(f"cannot read {name}: {os_reason(error)}")
        return config
    if len(content) > _LARGEST:
        config.problems.append(f"{name} is ignored: it is larger than 1 MB")
        return config
    import tomllib  # noqa: PLC0415  # 2 ms, and most users have no such file

    try:
        text = content.decode()
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        config.problems.append(f"{name} is ignored: {printable_line(str(error))}")
        return config
    _take(config, document, name, text)
    return config


def _take(config: ConfigFile, document: dict[str, Any], name: str, text: str) -> None:
    options = {option.name: option for option in OPTIONS}
    for key, stated in document.items():
        where = f"{name}, line {_line_of(key, text)}"
        option = options.get(key)
        if option is None:
            config.problems.append(f"{where}: there is no setting {short_name(key)}{nearest(key, options)}")
        elif (value := option.read(stated)) is None:
            config.problems.append(f"{where}: {key} must be {option.expected}, not {short_name(repr(stated))}")
        else:
            config.values[key] = value


def nearest(word: str, known: Collection[str]) -> str:
    """Return the end of a sentence about an unknown word: the most similar one, or all if they are few."""
    if similar := get_close_matches(word, known, 1):
        return f": did you mean {similar[0]}?"
    return f" (there are {', '.join(known)})" if len(known) <= _MOST_NAMED else ""


def _line_of(key: str, text: str) -> int:
    """Return the line that sets a top-level key, or starts its table."""
    name = re.escape(key)
    pattern = re.compile(rf"""\s*(?:\[\s*)?["']?{name}["']?\s*[=\].]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)
