"""Globs for names, and for whole paths, which are matched name by name on the way down the tree.

A path may have 2,000 names, and an image a million paths: matching each path as a whole would read the names of its
folders again and again. Here a folder has a state, the positions in the globs where the rest of a path may go on. So
each name is read once, and what is below a folder without such a position is skipped.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, compress
from typing import NamedTuple

from msgspec import Struct

from layerscope.analysis.search.name_flags import NamePart
from layerscope.analysis.tree.path_index import PathIndex
from layerscope.text import typed_names

NAMES_A_BATCH = 4096
"""The names that are looked at before the hits among them are given, so that the caller can do other work."""

_SEPARATOR = re.compile(r"(\*\*/|\*\*|/)")
_CHARACTER = r"[^/][\x80-\xbf]*+"
"""The expression of a question mark: a byte, and the bytes that continue it in UTF-8."""

_MOST_STATES = 1024
"""States that are remembered: most trees need a dozen, and a glob of many stars could have millions."""

_Matches = Callable[[bytes], object | None]
"""A test for a name."""


def name_parts(glob: str) -> tuple[NamePart, ...]:
    """Return texts that each name has that a glob matches: what is between its stars and question marks."""
    texts = [text.encode("utf-8", "surrogateescape") for text in re.split(r"[*?]", glob)]
    last = len(texts) - 1
    parts = (NamePart(text, start=not number, end=number == last) for number, text in enumerate(texts) if text)
    return tuple(parts)


def name_pattern(glob: str, flags: int = 0) -> re.Pattern[bytes]:
    """Return the expression of a glob that matches a whole name."""
    return _name_pattern(glob.split("*"), flags)


def _name_pattern(texts: Sequence[str], flags: int) -> re.Pattern[bytes]:
    r"""Return the expression of names that have these texts with anything between them.

    The first match of a text between two stars is as good as any other. So an atomic group keeps the expression from
    trying others, and the time is linear.
    """
    first, *inner = (_CHARACTER.join(map(spellings, text.split("?"))) for text in texts)
    last = f"[^/]*{inner.pop()}" if inner else ""
    middle = "".join(f"(?>[^/]*?{text})" for text in inner)
    return re.compile(rf"\A{first}{middle}{last}\Z".encode("utf-8", "surrogateescape"), flags)


def spellings(text: str) -> str:
    """Return the expression of a text, also as a name that is shown with escapes."""
    names = [re.escape(name.decode("utf-8", "surrogateescape")) for name in typed_names(text)]
    return names[0] if len(names) == 1 else f"(?:{'|'.join(names)})"


class _Position(NamedTuple):
    """A position in a glob, before the part with this number, that a path has reached at the start of a name."""

    glob: int
    part: int


class _State(Struct, frozen=True):
    """The positions that a path has reached, as the steps from there over one more name.

    ``is_match`` is set if the path matches a glob. Any name leads to the positions in ``always``, and one that a test
    matches to its position, too.
    """

    is_match: bool
    always: frozenset[_Position]
    tests: tuple[tuple[_Matches, _Position], ...]

    @property
    def is_end(self) -> bool:
        """True if no longer path can match."""
        return not self.always and not self.tests


class Globs:
    """Globs for whole paths; a path that matches one of them matches.

    A glob without a leading slash matches the ends of paths. One star stays within a name, ``**`` goes across folders,
    and ``**/`` matches nothing as well.
    """

    def __init__(self, globs: Iterable[str], flags: int = 0) -> None:
        self._flags = flags
        self._globs = [_SEPARATOR.split(glob[1:] if glob.startswith("/") else f"**/{glob}") for glob in globs]
        self._steps: dict[_Position, list[tuple[_Matches | None, _Position]]] = {}
        self._states: dict[frozenset[_Position], _State] = {}

    def search(self, path: bytes) -> bool:
        """Return whether a path, with its leading slash, matches."""
        state = self._start
        for name in path[1:].split(b"/"):
            state = self._after(state, name)
        return state.is_match

    def nodes(self, index: PathIndex) -> Iterator[int]:
        return compress(range(len(index)), chain.from_iterable(self.flags(index)))

    def flags(self, index: PathIndex) -> Iterator[bytes]:
        """Yield the flags of all nodes that match, in batches."""
        above, node, seen, flags = [self._start], 1, 0, bytearray(1)
        while node < len(index):
            del above[index.depths[node] :]
            state = self._after(above[-1], index.name(node))
            above.append(state)
            seen += 1
            following = index.ends[node] if state.is_end else node + 1
            flags.append(state.is_match)
            flags += bytes(following - node - 1)
            if not seen % NAMES_A_BATCH:
                yield bytes(flags)
                flags.clear()
            node = following
        yield bytes(flags)

    @property
    def _start(self) -> _State:
        return self._state(frozenset(_Position(glob, 0) for glob in range(len(self._globs))))

    def _after(self, state: _State, name: bytes) -> _State:
        """Return the state of a path with one more name."""
        reached = [position for matches, position in state.tests if matches(name)]
        return self._state(state.always.union(reached) if reached else state.always)

    def _state(self, positions: frozenset[_Position]) -> _State:
        state = self._states.get(positions)
        if state is None:
            if len(self._states) >= _MOST_STATES:
                self._states.clear()
            state = self._states[positions] = self._new_state(positions)
        return state

    def _new_state(self, positions: frozenset[_Position]) -> _State:
        is_match = any(position.part == len(self._globs[position.glob]) for position in positions)
        steps = [step for position in positions for step in self._steps_from(position)]
        always = frozenset(position for matches, position in steps if matches is None)
        tests = tuple(
            (matches, position) for matches, position in steps if matches is not None and position not in always
        )
        return _State(is_match, always, tests)

    def _steps_from(self, position: _Position) -> list[tuple[_Matches | None, _Position]]:
        """Return the tests for names that lead on from a position, None for any name, and where they lead."""
        if position not in self._steps:
            names = _names_from(self._globs[position.glob], position.part)
            self._steps[position] = [(self._test(texts), _Position(position.glob, part)) for texts, part in names]
        return self._steps[position]

    def _test(self, texts: Sequence[str]) -> _Matches | None:
        is_any = len(texts) > 1 and not any(texts)
        return None if is_any else _name_pattern(texts, self._flags).match


def _names_from(parts: Sequence[str], start: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield what a name may be that begins at a part, as the texts between its stars, and the part it leads to.

    Two stars may match up to the end of the name and go on in the next one, or end within the name.
    """
    texts: tuple[str, ...] = ("",)
    if start == len(parts):
        return
    for number, part in enumerate(parts[start:], start):
        if part == "/":
            yield texts, number + 1
            return
        if part in ("**", "**/"):
            yield (*texts, ""), number
            texts = (*texts, "") if part == "**" else texts
        else:
            first, *others = part.split("*")
            texts = (*texts[:-1], texts[-1] + first, *others)
    yield texts, len(parts)
