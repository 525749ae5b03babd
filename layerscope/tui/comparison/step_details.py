"""The details of a step of two images, and the differences of their configs and packages."""

from collections.abc import Sequence

from layerscope.analysis.comparison.cache_story import WRONG_DIGEST
from layerscope.analysis.comparison.config_and_packages import ConfigChange, ConfigValue, PackageChange
from layerscope.analysis.comparison.digest_causes import Cause, DigestReport
from layerscope.analysis.comparison.layer_alignment import AlignedStep, Relation
from layerscope.analysis.tree.change import ChangeKind
from layerscope.analysis.tree.tally import Tallies
from layerscope.text import exec_form, human_size, plural, printable_line
from layerscope.tui.comparison.aligned_list import AlignedLine
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.drawing.glyphs import Glyphs
from layerscope.tui.widgets.field_list import Field

_RELATIONS = {
    Relation.SAME: "the same in both images",
    Relation.CHANGED: "the same instruction, rebuilt",
    Relation.ONLY_OLD: "a step of the old image only",
    Relation.ONLY_NEW: "a step of the new image only",
}


def aligned_step_fields(line: AlignedLine) -> list[Field]:
    """Return the details of a step of both images, or of one."""
    step = line.step
    outcome = f"{_RELATIONS[step.relation]}{f': {line.word}' if step.relation is Relation.CHANGED else ''}"
    if line.word == WRONG_DIGEST:
        outcome = f"{WRONG_DIGEST}: one diff_id in both images, but different entries"
    sides = (("Old", step.old_layer, line.old_size), ("New", step.new_layer, line.new_size))
    fields = [("Step", excerpt(step.title)), ("Relation", outcome)]
    if line.has_layer:
        fields += [
            (name, f"layer {layer}, {human_size(size)} content" if layer else "no such layer")
            for name, layer, size in sides
        ]
    return fields + _other_instruction(step)


def _other_instruction(step: AlignedStep) -> list[Field]:
    """Return the old instruction if its text differs from the new one."""
    if step.old is None or step.new is None or step.old.title == step.new.title:
        return []
    return [("Old text", excerpt(step.old.title))]


def problem_fields(tallies: Tallies, image: str = "") -> list[Field]:
    """Return a field for each layer that could not be read completely; ``image`` precedes its number."""
    errors = ((number, tally.error) for number, tally in tallies.layers.items())
    return [("Problem", f"{image}layer {number}: {printable_line(error)}") for number, error in errors if error]


def config_fields(changes: Sequence[ConfigChange], glyphs: Glyphs) -> list[Field]:
    """Return a field for each difference of the configs."""
    return [_config_field(change, glyphs) for change in changes]


def _config_field(change: ConfigChange, glyphs: Glyphs) -> Field:
    name = f"{printable_line(change.name)}: " if change.name else ""
    text = f"{name}{_value(change.before)} {glyphs.arrow} {_value(change.after)}"
    return change.field.replace("_", " ").capitalize(), text


def _value(value: ConfigValue | None) -> str:
    if value is None:
        return "(none)"
    return excerpt(value) or "(empty)" if isinstance(value, str) else exec_form(value)


def package_fields(changes: Sequence[PackageChange], glyphs: Glyphs) -> list[Field]:
    """Return their number, then a field for each package that was added, removed or changed."""
    if not changes:
        return []
    marks = {ChangeKind.ADDED: "+", ChangeKind.MODIFIED: "~", ChangeKind.REMOVED: "-"}
    fields = [("Packages", f"{plural(len(changes), 'difference')}")]
    for change in changes:
        versions = [printable_line(", ".join(versions)) for versions in (change.before, change.after) if versions]
        name = printable_line(change.name)
        fields.append((change.manager, f"{marks[change.change]} {name} {f' {glyphs.arrow} '.join(versions)}"))
    return fields


def cause_lines(causes: Sequence[Cause]) -> list[str]:
    """Return why two layers have other digests, a line for each cause, then what mends them."""
    found = [(f"{cause.words}: {plural(cause.entries, 'entry', 'entries')}", cause.example_words) for cause in causes]
    lines = [f"{words} ({examples})" if examples else words.partition(":")[0] for words, examples in found]
    return [*lines, *DigestReport(tuple(causes)).remedies]
