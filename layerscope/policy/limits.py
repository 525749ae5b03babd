"""Rules about figures: efficiency, dead bytes, size budgets, number of layers, growth."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from layerscope.analysis.size.dead import DeadEntry, dead_groups
from layerscope.comparison.compare import pull_size
from layerscope.model.image import known_sum
from layerscope.policy.dive import dive_efficiency
from layerscope.policy.facts import CheckedImage
from layerscope.policy.outcome import Location, Outcome, Unit, Verdict
from layerscope.policy.rules import Amount
from layerscope.text import human_size, plural, printable_name, printable_path

MOST_LOCATIONS = 10
"""The most locations that a verdict names."""


NO_BASELINE = "there is no image to compare with (--baseline IMAGE)"


def percent(share: float) -> str:
    """Return a share as a percentage with four digits: ``91.25 %``."""
    return f"{100 * share:.4g} %"


def points(share: float) -> str:
    """Return a difference between two shares in percentage points: ``5.3 points``."""
    return f"{100 * share:.4g} points"


def unread(unit: Unit | None, limit: float | None, text: str) -> Verdict:
    """Return the verdict of a rule whose outcome depends on a layer that could not be read."""
    return Verdict(Outcome.UNKNOWN, f"{text}: not all layers could be read", unit, limit)


def min_efficiency(facts: CheckedImage, limit: float) -> Verdict:
    """Check that the efficiency is at least the limit."""
    return _efficiency(facts, limit, facts.efficiency, "is {}")


def min_dive_efficiency(facts: CheckedImage, limit: float) -> Verdict:
    """Check that the efficiency by dive's formula is at least the limit."""
    exact = facts.efficiency
    if exact is None:
        return _efficiency(facts, limit, None)
    text = f"by dive's formula is {{}} (by bytes, {percent(exact)})"
    return _efficiency(facts, limit, dive_efficiency(facts.analysis.tree), text)


def _efficiency(facts: CheckedImage, limit: float, value: float | None, text: str = "") -> Verdict:
    if value is None:
        return unread(Unit.FRACTION, limit, "the efficiency is unknown")
    text = f"the efficiency {text.format(percent(value))}"
    if value >= limit:
        text += f", at least {percent(limit)} is required"
        return Verdict(Outcome.PASSED, text, Unit.FRACTION, limit, value)
    text += f", {points(limit - value)} under the limit of {percent(limit)}"
    return _failed(text, Unit.FRACTION, limit, value, _dead_locations(facts.dead))


def max_dead_size(facts: CheckedImage, limit: int) -> Verdict:
    """Check that the dead bytes are within a limit."""
    value = facts.dead_size
    if value is None:
        return unread(Unit.BYTES, limit, "the dead bytes are unknown")
    return _at_most(f"{human_size(value)} are dead", Unit.BYTES, limit, value, _dead_locations(facts.dead))


def max_dead_share(facts: CheckedImage, limit: float) -> Verdict:
    """Check that at most such a share of all content is dead."""
    return _dead_share(facts.dead, facts.dead_size, facts.total, limit, "of all content")


def max_user_dead_share(facts: CheckedImage, limit: float) -> Verdict:
    """Check the bytes that layers above the base have hidden, as a share of their content, which is dive's measure."""
    base = facts.base_layers
    dead = [entry for entry in facts.dead if entry.hidden_by > base]
    whole = known_sum(each.content_size for each in facts.analysis.report.layers if each.layer > base)
    size = None if facts.dead_size is None else sum(entry.size for entry in dead)
    return _dead_share(dead, size, whole, limit, "of the content above the base")


def _dead_share(entries: Sequence[DeadEntry], dead: int | None, whole: int | None, limit: float, what: str) -> Verdict:
    if dead is None or whole is None:
        return unread(Unit.FRACTION, limit, "the dead bytes are unknown")
    value = dead / whole if whole else float(dead > 0)
    text = f"the dead bytes are {percent(value)} {what}"
    return _at_most(text, Unit.FRACTION, limit, value, _dead_locations(entries))


def _dead_locations(entries: Sequence[DeadEntry]) -> Iterator[Location]:
    for group in dead_groups(entries):
        path, files = group.entries[0].path, plural(len(group.entries), "file")
        text = f"wrote {human_size(group.size)} in {files} that layer {group.hidden_by} hides ({group.word})"
        yield Location(group.writer, f"{text}, {printable_path(path)} for one", path, group.size, group.hidden_by)


def max_content_size(facts: CheckedImage, limit: int) -> Verdict:
    """Check that the content of all layers is within a limit."""
    return _budget([(each.layer, each.content_size) for each in facts.analysis.report.layers], limit, "content")


def max_blob_size(facts: CheckedImage, limit: int) -> Verdict:
    """Check that all blobs together, which a pull transfers, are at most so large."""
    return _budget([(each.layer, each.blob_size) for each in facts.analysis.report.layers], limit, "blobs")


def _budget(layers: Iterable[tuple[int, int | None]], limit: int, what: str) -> Verdict:
    sizes = sorted(layers, key=lambda each: (-(each[1] or 0), each[0]))
    known = sum(size for _, size in sizes if size is not None)
    if any(size is None for _, size in sizes) and known <= limit:
        return unread(Unit.BYTES, limit, f"the size of the {what} is unknown")
    locations = (Location(layer, f"has {human_size(size)}", size=size) for layer, size in sizes if size)
    return _at_most(f"{human_size(known)} of {what}", Unit.BYTES, limit, known, locations)


def max_layer_size(facts: CheckedImage, limit: int) -> Verdict:
    """Check that no layer holds more content bytes."""
    sizes = [(each.layer, each.content_size) for each in facts.analysis.report.layers]
    over = [(layer, size) for layer, size in sizes if size is not None and size > limit]
    if not over and any(size is None for _, size in sizes):
        return unread(Unit.BYTES, limit, "the largest layer is unknown")
    value = max((size or 0 for _, size in sizes), default=0)
    if not over:
        return _at_most(f"the largest layer holds {human_size(value)}", Unit.BYTES, limit, value, ())
    text = f"layer {over[0][0]} holds {human_size(value)}{_over(Unit.BYTES, limit, value)}"
    text += f"; {plural(len(over), 'layer')} in all" if len(over) > 1 else ""
    locations = (
        Location(layer, f"holds {human_size(size)}{_over(Unit.BYTES, limit, size)}", size=size) for layer, size in over
    )
    return _failed(text, Unit.BYTES, limit, value, locations)


def max_layers(facts: CheckedImage, limit: int) -> Verdict:
    """Check that the number of layers is within a limit."""
    sizes = facts.analysis.report.layers
    value = len(sizes)
    own = ((each.content_size, each.layer) for each in sizes if each.layer > facts.base_layers)
    smallest = sorted((size, layer) for size, layer in own if size is not None)
    locations = (
        Location(layer, f"holds {human_size(size)} and could be merged with another", size=size)
        for size, layer in smallest[: min(max(0, value - limit), MOST_LOCATIONS)]
    )
    return _at_most(f"there are {plural(value, 'layer')}", Unit.COUNT, limit, value, locations)


def max_growth(facts: CheckedImage, limit: Amount) -> Verdict:
    """Check that the content is larger than the baseline's by at most so much."""
    baseline, unit = facts.baseline, Unit.BYTES if limit.share is None else Unit.FRACTION
    bound = limit.size if limit.share is None else limit.share
    assert bound is not None  # noqa: S101  # it is one of the two
    if baseline is None:
        return Verdict(Outcome.UNKNOWN, NO_BASELINE, unit, bound)
    if facts.total is None or baseline.content_size is None:
        return unread(unit, bound, "the growth is unknown")
    growth = facts.total - baseline.content_size
    share = growth / baseline.content_size if baseline.content_size else float(growth > 0)
    direction = "larger" if growth >= 0 else "smaller"
    text = f"the content is {human_size(abs(growth))} ({percent(abs(share))}) {direction}"
    text += f" than that of {printable_name(baseline.name)}"
    value, locations = growth if limit.share is None else share, _new_layers(facts, baseline.diff_ids)
    return _at_most(text, unit, bound, value, locations, allowed="more are allowed")


def max_pull_size(facts: CheckedImage, limit: int) -> Verdict:
    """Check that a machine that has the baseline pulls at most so much.

    A layer that is not stored compressed is at most as large in a registry.
    """
    baseline, unit = facts.baseline, Unit.BYTES
    if baseline is None:
        return Verdict(Outcome.UNKNOWN, NO_BASELINE, unit, limit)
    pulled = pull_size(facts.analysis.loaded, baseline.diff_ids)
    text = f"a machine that has {printable_name(baseline.name)} pulls {pulled.words}"
    value = pulled.most if pulled.size is None else pulled.size
    if value is None or (pulled.size is None and value > limit):
        return Verdict(Outcome.UNKNOWN, f"{text}: layers are not stored compressed here", unit, limit)
    return _at_most(text, unit, limit, value, _new_layers(facts, baseline.diff_ids))


def _new_layers(facts: CheckedImage, known: frozenset[str]) -> Iterator[Location]:
    """Yield the layers that the baseline does not have, largest first."""
    diff_ids = {layer.number: str(layer.diff_id) for layer in facts.analysis.image.layers}
    for each in facts.analysis.report.layers:
        if diff_ids[each.layer] not in known:
            yield Location(each.layer, f"is new and holds {human_size(each.content_size)}", size=each.content_size)


_AMOUNTS: dict[Unit, Callable[[float], str]] = {
    Unit.BYTES: lambda size: human_size(round(size)),
    Unit.FRACTION: percent,
    Unit.COUNT: str,
}


def _at_most(
    text: str, unit: Unit, limit: float, value: float, locations: Iterable[Location], *, allowed: str = "are allowed"
) -> Verdict:
    """Return the verdict on a figure that ``text`` states; ``locations`` are made only if it is over the limit."""
    if value <= limit:
        return Verdict(Outcome.PASSED, f"{text}; {_AMOUNTS[unit](limit)} {allowed}", unit, limit, value)
    return _failed(f"{text}{_over(unit, limit, value)}", unit, limit, value, locations)


def _over(unit: Unit, limit: float, value: float) -> str:
    excess = points if unit is Unit.FRACTION else _AMOUNTS[unit]
    return f", {excess(value - limit)} over the limit of {_AMOUNTS[unit](limit)}"


def _failed(text: str, unit: Unit, limit: float, value: float, locations: Iterable[Location]) -> Verdict:
    found = list(locations)
    return Verdict(Outcome.FAILED, text, unit, limit, value, tuple(found[:MOST_LOCATIONS]), len(found))
