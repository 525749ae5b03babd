"""Rules about paths: forbidden and required ones, setuid files, secrets."""

from collections.abc import Iterator, Sequence

from layerscope.analysis.advice.advice import AdviceKind
from layerscope.analysis.search.query import path_pattern
from layerscope.model.entries import Kind
from layerscope.policy.facts import CheckedImage
from layerscope.policy.limits import MOST_PLACES, unknown
from layerscope.policy.outcome import Location, Outcome, Verdict
from layerscope.policy.rules import PathPattern
from layerscope.text import human_size, mode_text, path_text, plural, printable_name

_SETUID = 0o4000
_NOT_ALL = "for not all layers could be read"


def forbidden_paths(facts: CheckedImage, patterns: Sequence[PathPattern]) -> Verdict:
    """None of the paths is in the final image."""
    if facts.problems:
        return unknown(None, None, f"whether forbidden paths are there is unknown, {_NOT_ALL}")
    found = list(_topmost(facts, patterns))
    if not found:
        return Verdict(Outcome.PASSED, "no forbidden path is there")
    places = [_path_place(facts, node) for node in found[:MOST_PLACES]]
    are = "is" if len(found) == 1 else "are"
    text = f"{plural(len(found), 'forbidden path')} {are} there: {_named(places, len(found))}"
    return Verdict(Outcome.FAILED, text, None, 0, len(found), tuple(places), len(found))


def _topmost(facts: CheckedImage, patterns: Sequence[PathPattern]) -> Iterator[int]:
    """Yield the forbidden nodes that are not below another."""
    ends, end = facts.analysis.tree.index.ends, 0
    for node in facts.present(patterns):
        if node >= end and not facts.is_ignored(facts.analysis.tree.index.path(node)):
            yield node
            end = ends[node]


def _path_place(facts: CheckedImage, node: int) -> Location:
    tree = facts.analysis.tree
    last, path = tree.layers[-1], tree.index.path(node)
    occurrence, size = tree.index.occurrence(node, last), tree.size(node, last)
    text = f"holds {printable_name(path_text(path))}, {human_size(size)}"
    return Location(tree.index.layers[occurrence], text, path, size)


def _named(places: Sequence[Location], count: int) -> str:
    names = ", ".join(printable_name(path_text(place.path or b"")) for place in places[:3])
    return f"{names} and {count - 3:,} more" if count > 3 else names  # noqa: PLR2004  # as above


def required_paths(facts: CheckedImage, patterns: Sequence[PathPattern]) -> Verdict:
    """Each of the patterns fits something in the final image."""
    if facts.problems:
        return unknown(None, None, f"whether required paths are there is unknown, {_NOT_ALL}")
    missing = [pattern for pattern in patterns if next(facts.present([pattern]), None) is None]
    if not missing:
        return Verdict(Outcome.PASSED, "all required paths are there")
    places = [_last_seen(facts, pattern) for pattern in missing[:MOST_PLACES]]
    names = ", ".join(map(printable_name, missing[:MOST_PLACES]))
    text = f"{len(missing)} of {plural(len(patterns), 'required path')} missing: {names}"
    return Verdict(Outcome.FAILED, text, None, 0, len(missing), tuple(places), len(missing))


def _last_seen(facts: CheckedImage, pattern: PathPattern) -> Location:
    """Return the layer that took away what fitted the pattern, if there ever was such a path."""
    index, name = facts.analysis.tree.index, printable_name(pattern)
    hits = facts.ever([pattern])
    removed = max((index.layers[index.firsts[node + 1] - 1] for node in hits), default=None)
    if removed is None:
        return Location(None, f"no layer has {name}")
    return Location(removed, f"removes {name}")


def allowed_setuid(facts: CheckedImage, allowed: Sequence[PathPattern]) -> Verdict:
    """No setuid files are in the final image but those that are allowed."""
    if facts.problems:
        return unknown(None, None, f"which setuid files are there is unknown, {_NOT_ALL}")
    pattern = path_pattern(allowed)
    found = [(node, path) for node, path in setuid_files(facts) if not pattern.search(b"/" + path)]
    if not found:
        return Verdict(Outcome.PASSED, "no setuid file is there that is not allowed")
    places = [_setuid_place(facts, node, path) for node, path in found[:MOST_PLACES]]
    text = f"{plural(len(found), 'setuid file')} not allowed: {_named(places, len(found))}"
    return Verdict(Outcome.FAILED, text, None, 0, len(found), tuple(places), len(found))


def setuid_files(facts: CheckedImage) -> Iterator[tuple[int, bytes]]:
    """Yield the nodes and paths of setuid files in the final image that are not ignored."""
    tree, index = facts.analysis.tree, facts.analysis.tree.index
    setuid = {
        layer: {place for place, (mode, _, _) in enumerate(table.permission_sets) if mode & _SETUID}
        for layer, table in tree.tables.items()
    }
    for node in range(1, len(index)):
        last = index.firsts[node + 1] - 1
        if last < index.firsts[node] or (row := index.rows[last]) < 0:
            continue
        layer = index.layers[last]
        if setuid[layer] and tree.tables[layer].permissions[row] in setuid[layer]:
            path = index.path(node)
            if tree.kind(last) in (Kind.FILE, Kind.HARDLINK) and not facts.is_ignored(path):
                yield node, path


def _setuid_place(facts: CheckedImage, node: int, path: bytes) -> Location:
    tree = facts.analysis.tree
    entry = tree.entry(node, tree.layers[-1])
    assert entry is not None  # noqa: S101  # it is in the final image
    mode = mode_text(entry.kind.letter, entry.mode)
    text = f"gives {printable_name(path_text(path))} the mode {mode}, owner {entry.uid}"
    return Location(entry.layer, text, path, entry.size)


def allowed_secrets(facts: CheckedImage, allowed: Sequence[PathPattern]) -> Verdict:
    """No layer ships a key or a credential but those that are allowed, be it hidden by a later one or not."""
    pattern = path_pattern(allowed)
    places = [place for place in secret_places(facts) if not pattern.search(b"/" + (place.path or b""))]
    if places:
        text = f"{plural(len(places), 'secret')} shipped: {_named(places, len(places))}"
        return Verdict(Outcome.FAILED, text, None, 0, len(places), tuple(places[:MOST_PLACES]), len(places))
    if facts.problems:
        return unknown(None, None, f"whether secrets are shipped is unknown, {_NOT_ALL}")
    return Verdict(Outcome.PASSED, "no secret that is not allowed was seen in any layer")


def secret_places(facts: CheckedImage) -> Iterator[Location]:
    """Yield where secrets are, those aside that are ignored."""
    for advice in facts.analysis.report.advice:
        if advice.kind is AdviceKind.SECRET and not facts.is_ignored(advice.paths[0]):
            yield Location(advice.layer, advice.text, advice.paths[0], advice.saves, advice.hidden_by)
