"""The sections of the page: secrets, layers, map, advice, dead bytes, files, duplicates, types, packages."""

from collections.abc import Iterator, Sequence

from layerscope.analysis.advice.advice import Advice
from layerscope.analysis.advice.edits import CHANGE_ABOVE, changed_lines
from layerscope.analysis.advice.secrets import Secret
from layerscope.report.page.elements import (
    Markup,
    advised_prose,
    element,
    joined,
    path_element,
    prose,
    section,
    size_table,
)
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.columns import (
    SizedFile,
    dead_file,
    duplicate_table,
    file_table,
    largest_files,
    layer_table,
    package_table,
    sbom_table,
    type_table,
)
from layerscope.session.size.remarks import (
    layers_in_order,
    no_advice_sentence,
    no_dead_sentence,
    no_duplicates_sentence,
    no_packages_sentence,
    reason_label,
    reason_sums,
    reason_word,
    reasons_line,
    size_sentence,
)
from layerscope.session.summary import layer_title, sbom_sentence
from layerscope.text import human_share, human_size, plural, printable_line

_MOST_LAYERS = 2_000
_MOST_SECRETS = 200
_MOST_DEAD = 2_000
_MOST_FILES = 50
_MOST_DUPLICATES = 100
_MOST_PACKAGES = 200
_MOST_PATHS = 200
"""The most rows and paths of each section; the rest is summed up."""


def secret_section(analysis: SizeAnalysis) -> Markup:
    """Return the secrets; nothing if there are none."""
    secrets = analysis.report.secrets
    if not secrets:
        return Markup("")
    listed = element("ol", *(_secret(analysis, secret) for secret in secrets[:_MOST_SECRETS]), class_="advice")
    more = len(secrets) - _MOST_SECRETS
    left = [element("p", f"and {plural(more, 'more secret')}", class_="soft")] if more > 0 else []
    return section("secrets", "Secrets", "Everyone who pulls the image has them.", listed, *left)


def _secret(analysis: SizeAnalysis, secret: Secret) -> Markup:
    removed = f" · removed in layer {secret.removed_in}" if secret.removed_in else ""
    return element(
        "li",
        element("h3", element("b", secret.kind.words), element("span", f"layer {secret.layer}{removed}")),
        element("p", advised_prose(secret.text)),
        element("code", layer_title(analysis.image, secret.layer), class_="instruction"),
        class_="secret",
    )


def layer_section(analysis: SizeAnalysis) -> Markup:
    """Return the layers in build order, with bars of live and dead bytes."""
    key = Markup(
        '<span class="key"></span>in the final image<span class="key"><span class="dead"></span></span>dead: a later'
        " layer hides it"
    )
    layers = layer_table(analysis, layers_in_order(analysis.report))
    rows = element("div", size_table(layers, _MOST_LAYERS, lambda row: {"data_layer": str(row.layer)}), class_="scroll")
    more = layers.rows[_MOST_LAYERS:]
    size = human_size(sum(map(layers.size, more)))
    left = [element("p", f"and {plural(len(more), 'more layer')}, {size}", class_="soft")] if more else []
    return section("layers", "Layers", joined(["In build order.", key]), rows, *left)


def map_section() -> Markup:
    """Return the placeholder of the map, which the script draws."""
    lead = "Area is bytes, of all layers together; the striped part of a field is dead. Click a folder to open it."
    crumbs, board = element("div", class_="crumbs", id="crumbs"), element("div", id="treemap")
    return section("map", "Where the bytes are", lead, crumbs, board)


def advice_section(analysis: SizeAnalysis) -> Markup:
    """Return what to change, the largest savings first."""
    advice = analysis.report.advice
    if not advice:
        return section("advice", "What to change", no_advice_sentence(analysis.report))
    lead = "Each with the instruction to change, and the paths it is about."
    if analysis.report.size_after_advice is not None:
        lead = f"{size_sentence(analysis.report, '→')} {lead}"
    shown = zip(advice, changed_lines([each.edits for each in advice]), strict=True)
    items = (_advised(analysis, each, changed) for each, changed in shown)
    return section("advice", "What to change", lead, element("ol", *items, class_="advice"))


def _advised(analysis: SizeAnalysis, advice: Advice, changed: Sequence[str]) -> Markup:
    share = human_share(advice.saves, analysis.report.total_size)
    layer = f"{analysis.layer_words(advice.layer)}: {advice.cause}"
    remark = f"{share} of all content · {layer}" if share else layer
    paths = [path_element(path) for path in advice.paths[:_MOST_PATHS]]
    more = len(advice.paths) - len(paths)
    count = element("summary", plural(len(advice.paths), "path"))
    left = [element("span", f"and {more:,} more", class_="soft")] if more > 0 else []
    return element(
        "li",
        element("h3", element("b", f"Saves {human_size(advice.saves)}"), element("span", remark)),
        element("p", advised_prose(advice.text)),
        _changed(analysis, advice, changed),
        element("details", count, *paths, *left) if paths else "",
    )


def _changed(analysis: SizeAnalysis, advice: Advice, changed: Sequence[str]) -> Markup:
    """Return the instruction before and after; as it is, if the change cannot be said exactly."""
    if not advice.edits:
        return element("code", layer_title(analysis.image, advice.layer), class_="instruction")
    if not changed:
        return element("p", CHANGE_ABOVE, class_="soft")
    lines = (
        element("span", f"{printable_line(line)}\n", class_="old" if line[0] == "-" else "new") for line in changed
    )
    return element("pre", *lines, class_="diff")


def dead_section(analysis: SizeAnalysis) -> Markup:
    """Return the dead files, the largest first, with filters by text and by reason."""
    why = analysis.report
    entries = why.dead.entries
    if not entries:
        return section("dead", "Dead bytes", no_dead_sentence(why))
    lead = f"Files that a layer holds and the final image does not show: {reasons_line(why)}."
    shown = entries[:_MOST_DEAD]
    if len(entries) > len(shown):
        left = sum(entry.size for entry in entries[_MOST_DEAD:])
        others = plural(len(entries) - len(shown), "other")
        lead += f" The {len(shown):,} largest are listed; {others} hold {human_size(left)}."
    reasons = [reason for reason, _ in reason_sums(why)]
    words = (element("option", reason_label(reason), value=reason_word(reason)) for reason in reasons)
    choices = [element("option", "every reason"), *words]
    filters = element(
        "div",
        Markup('<input type="search" id="dead-text" placeholder="path, layer or instruction" aria-label="filter">'),
        Markup(
            element("select", *choices, id="dead-reason", aria_label="reason").replace(
                "<option>", '<option value="">', 1
            )
        ),
        element("span", id="dead-sum", class_="soft"),
        class_="filters",
    )
    files = file_table(analysis, map(dead_file, shown))
    rows = size_table(files, row_attributes=_dead_attributes, body_id="dead-rows")
    return section("dead", "Dead bytes", lead, filters, element("div", rows, class_="long"))


def _dead_attributes(file: SizedFile) -> dict[str, str]:
    """Return what the filters of the page look at."""
    return {"data_reason": reason_word(file.reason), "data_size": str(file.size)}


def file_section(analysis: SizeAnalysis) -> Markup:
    """Return the largest files of the final image."""
    rows = element("div", size_table(largest_files(analysis), _MOST_FILES), class_="long")
    return section("files", "Largest files", "Of the final image.", rows)


def duplicate_section(analysis: SizeAnalysis) -> Markup:
    """Return the same bytes at several paths, the most expensive first."""
    duplicates = analysis.report.duplicates
    if not duplicates:
        return section("duplicates", "Duplicates", no_duplicates_sentence(analysis.report))
    total = human_size(sum(duplicate.saves for duplicate in duplicates))
    least = "" if analysis.report.duplicates_complete else "at least "
    rows = element("div", size_table(duplicate_table(analysis, duplicates), _MOST_DUPLICATES), class_="long")
    return section("duplicates", "Duplicates", f"The same bytes at several paths: {least}{total} more than once.", rows)


def type_section(analysis: SizeAnalysis) -> Markup:
    """Return the size of the files of each type."""
    return section("types", "File types", "Of the final image.", size_table(type_table(analysis)))


def package_section(analysis: SizeAnalysis) -> Markup:
    """Return the size of each package."""
    packages = analysis.packages.packages
    if not packages:
        lead = no_packages_sentence(analysis.report, analysis.packages)
        return section("packages", "Packages", lead, *_sbom_parts(analysis))
    lead = f"{plural(len(packages), 'package')}; {human_size(analysis.packages.unowned)} belong to none."
    rows = element("div", size_table(package_table(analysis), _MOST_PACKAGES), class_="long")
    return section("packages", "Packages", lead, rows, *_sbom_parts(analysis))


def _sbom_parts(analysis: SizeAnalysis) -> Iterator[Markup]:
    if analysis.sbom is not None:
        yield element("p", prose(sbom_sentence(analysis.sbom)))
    if analysis.sbom is not None and analysis.sbom.differences:
        yield element("div", size_table(sbom_table(analysis.sbom), _MOST_PACKAGES), class_="long")
