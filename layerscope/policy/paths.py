"""Rules about paths and names: forbidden and required paths, setuid files, secrets, packages."""

from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase

from layerscope.analysis.advice.secrets import Secret, SecretKind
from layerscope.analysis.search.path_patterns import topmost
from layerscope.model.entries import Kind
from layerscope.policy.facts import CheckedImage
from layerscope.policy.limits import MOST_LOCATIONS, NO_BASELINE, unread
from layerscope.policy.outcome import Location, Outcome, Verdict
from layerscope.policy.rules import PathPattern
from layerscope.text import human_size, mode_text, plural, printable_name, printable_path, short_name

_SETUID = 0o4000


def forbidden_paths(facts: CheckedImage, patterns: Sequence[PathPattern]) -> Verdict:
    """Check that none of the paths is in the final image."""
    if facts.problems:
        return unread(None, None, "it is unknown whether there are forbidden paths")
    nodes = (node for node in facts.present(patterns) if node not in facts.ignored)
    forbidden = list(topmost(facts.analysis.tree.index, nodes))
    if not forbidden:
        return Verdict(Outcome.PASSED, "there are no forbidden paths")
    count, locations = len(forbidden), [_path_location(facts, node) for node in forbidden[:MOST_LOCATIONS]]
    text = f"{plural(count, 'forbidden path')}: {_named(locations, count)}"
    return _failed(text, locations, count)


def _failed(text: str, locations: Sequence[Location], count: int) -> Verdict:
    return Verdict(Outcome.FAILED, text, None, 0, count, tuple(locations), count)


def _path_location(facts: CheckedImage, node: int) -> Location:
    tree = facts.analysis.tree
    last, path = tree.layers[-1], tree.index.path(node)
    occurrence, size = tree.index.occurrence(node, last), tree.size(node, last)
    text = f"holds {printable_path(path)}, {human_size(size)}"
    return Location(tree.index.layers[occurrence], text, path, size)


def _named(locations: Sequence[Location], count: int) -> str:
    names = ", ".join(printable_path(location.path or b"") for location in locations[:3])
    return f"{names} and {count - 3:,} more" if count > 3 else names  # noqa: PLR2004  # the slice above


def required_paths(facts: CheckedImage, patterns: Sequence[PathPattern]) -> Verdict:
    """Check that each of the patterns matches a path in the final image."""
    if facts.problems:
        return unread(None, None, "it is unknown whether required paths are missing")
    missing = [pattern for pattern in patterns if next(facts.present([pattern]), None) is None]
    if not missing:
        return Verdict(Outcome.PASSED, "no required path is missing")
    locations = [_last_seen(facts, pattern) for pattern in missing[:MOST_LOCATIONS]]
    names = ", ".join(map(printable_name, missing[:MOST_LOCATIONS]))
    text = f"{len(missing)} of {plural(len(patterns), 'required path')} missing: {names}"
    return _failed(text, locations, len(missing))


def _last_seen(facts: CheckedImage, pattern: PathPattern) -> Location:
    """Return the layer that removed the last path that matched the pattern, if there ever was one."""
    index, name = facts.analysis.tree.index, printable_name(pattern)
    hits = facts.ever([pattern])
    removed = max((index.layers[index.firsts[node + 1] - 1] for node in hits), default=None)
    if removed is None:
        return Location(None, f"no layer has {name}")
    return Location(removed, f"removes {name}")


def allowed_setuid(facts: CheckedImage, allowed: Sequence[PathPattern], known: Collection[bytes] = ()) -> Verdict:
    """Check that the final image has no setuid files except the allowed and the known ones."""
    if facts.problems:
        return unread(None, None, "the setuid files are unknown")
    nodes, path = frozenset(facts.ever(allowed)), facts.analysis.tree.index.path
    forbidden = [node for node in setuid_files(facts) if node not in nodes and path(node) not in known]
    if not forbidden:
        return Verdict(Outcome.PASSED, "all setuid files are allowed")
    locations = [_setuid_location(facts, node) for node in forbidden[:MOST_LOCATIONS]]
    count = len(forbidden)
    text = f"{plural(count, 'setuid file')} not allowed: {_named(locations, count)}"
    return _failed(text, locations, count)


def setuid_files(facts: CheckedImage) -> Iterator[int]:
    """Yield the nodes of setuid files in the final image that are not ignored."""
    tree, index = facts.analysis.tree, facts.analysis.tree.index
    setuid = {
        layer: {number for number, (mode, _, _) in enumerate(table.permission_sets) if mode & _SETUID}
        for layer, table in tree.tables.items()
    }
    for node in range(1, len(index)):
        last = index.firsts[node + 1] - 1
        if last < index.firsts[node] or (row := index.rows[last]) < 0:
            continue
        layer = index.layers[last]
        is_setuid = setuid[layer] and tree.tables[layer].permissions[row] in setuid[layer]
        if is_setuid and tree.kind(last) in (Kind.FILE, Kind.HARDLINK) and node not in facts.ignored:
            yield node


def _setuid_location(facts: CheckedImage, node: int) -> Location:
    tree = facts.analysis.tree
    entry = tree.entry(node, tree.layers[-1])
    assert entry is not None  # noqa: S101  # it is in the final image
    mode = mode_text(entry.kind.letter, entry.mode)
    text = f"gives {printable_path(entry.path)} the mode {mode}, owner {entry.uid}"
    return Location(entry.layer, text, entry.path, entry.size)


def allowed_secrets(
    facts: CheckedImage, allowed: Sequence[PathPattern], known: Collection[tuple[bytes, SecretKind]] = ()
) -> Verdict:
    """Check that no layer contains a key or a credential except the allowed and the known ones, even a hidden one."""
    nodes = frozenset(facts.ever(allowed))
    locations = [
        Location(secret.layer, secret.text, secret.path, secret.size, secret.removed_in)
        for secret in listed_secrets(facts)
        if secret.node not in nodes and (secret.path, secret.kind) not in known
    ]
    if locations:
        text = f"{plural(len(locations), 'secret')} in the image: {_named(locations, len(locations))}"
        return _failed(text, locations[:MOST_LOCATIONS], len(locations))
    if facts.problems:
        return unread(None, None, "it is unknown whether there are secrets")
    return Verdict(Outcome.PASSED, "no layer has a secret that is not allowed")


def listed_secrets(facts: CheckedImage) -> Iterator[Secret]:
    """Yield the secrets, without those at ignored paths."""
    return (secret for secret in facts.analysis.report.secrets if secret.node not in facts.ignored)


def allowed_new_setuid(facts: CheckedImage, allowed: Sequence[PathPattern]) -> Verdict:
    """Check that the final image has no setuid files that the baseline has not, except the allowed ones."""
    known = facts.baseline.setuid if facts.baseline else None
    return _not_comparable(facts, "setuid files") if known is None else allowed_setuid(facts, allowed, known)


def allowed_new_secrets(facts: CheckedImage, allowed: Sequence[PathPattern]) -> Verdict:
    """Check that no layer contains a secret that the baseline has not, except the allowed ones."""
    known = facts.baseline.secrets if facts.baseline else None
    return _not_comparable(facts, "secrets") if known is None else allowed_secrets(facts, allowed, known)


def allowed_new_packages(facts: CheckedImage, allowed: Sequence[str]) -> Verdict:
    """Check that the final image has no packages that the baseline has not in any version, except the allowed ones."""
    known = facts.baseline.packages if facts.baseline else None
    if known is None:
        return _not_comparable(facts, "packages")
    found = facts.analysis.packages_by_layer
    if facts.problems or found.unread:
        return unread(None, None, "the packages are unknown")
    new = [
        (each.package, layer)
        for each, layer in zip(found.packages, found.layers, strict=True)
        if each.package[:2] not in known and not any(fnmatchcase(each.package.name, glob) for glob in allowed)
    ]
    if not new:
        return Verdict(Outcome.PASSED, "no package is new that is not allowed")
    names = ", ".join(short_name(package.name) for package, _ in new[:3])
    more = f" and {len(new) - 3:,} more" if len(new) > 3 else ""  # noqa: PLR2004  # the slice above
    locations = [
        Location(layer, f"brings {package.name} {package.version} ({package.manager})")
        for package, layer in new[:MOST_LOCATIONS]
    ]
    return _failed(f"{plural(len(new), 'new package')}: {names}{more}", locations, len(new))


def _not_comparable(facts: CheckedImage, what: str) -> Verdict:
    """Return the verdict of a rule about what is new, if the baseline does not tell."""
    baseline = facts.baseline
    text = NO_BASELINE if baseline is None else f"the {what} of {printable_name(baseline.name)} are unknown"
    return Verdict(Outcome.UNKNOWN, text)
