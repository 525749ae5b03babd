"""The sections of the page: layers, map, advice, dead bytes, files, duplicates, types, packages."""

from collections.abc import Sequence

from layerscope.analysis.advice.advice import Advice, AdviceKind
from layerscope.analysis.size.dead import DeadEntry
from layerscope.analysis.size.duplicates import Duplicate
from layerscope.analysis.size.layers_and_files import LayerSize
from layerscope.report.page.html_parts import (
    Markup,
    advised_prose,
    element,
    gauge,
    joined,
    number_cell,
    path_cell,
    section,
    table,
)
from layerscope.report.titles import title_of
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import human_share, human_size, plural, printable_line

_MOST_DEAD = 2_000
_MOST_FILES = 50
_MOST_DUPLICATES = 100
_MOST_PACKAGES = 200
_MOST_PATHS = 200
_MOST_COPIES = 20
"""So much of each is on the page; what is left out is summed up."""

_NUMBER, _WIDE = "n", "wide"


def layer_section(analysis: SizeAnalysis) -> Markup:
    """Return the layers in the order they were built in, with bars of live and dead bytes."""
    sizes = sorted(analysis.report.layers, key=lambda layer_size: layer_size.layer)
    largest = max((layer_size.content_size or 0 for layer_size in sizes), default=0) or 1
    titles = [("", _NUMBER), ("", ""), ("content", _NUMBER), ("share", _NUMBER), ("dead", _NUMBER)]
    titles += [("hides", _NUMBER), ("blob", _NUMBER), ("instruction", _WIDE)]
    key = Markup(
        '<span class="key"></span>in the final image<span class="key"><span class="dead"></span></span>dead: a later'
        " layer hides it"
    )
    rows = [_layer_row(analysis, layer_size, largest) for layer_size in sizes]
    return section(
        "layers", "Layers", joined(["In build order.", key]), element("div", table(titles, rows), class_="scroll")
    )


def _layer_row(analysis: SizeAnalysis, layer_size: LayerSize, largest: int) -> Markup:
    size, dead = layer_size.content_size or 0, layer_size.dead_size or 0
    return element(
        "tr",
        number_cell(str(layer_size.layer)),
        element("td", gauge((size - dead) / largest, dead / largest)),
        number_cell(human_size(layer_size.content_size)),
        number_cell(human_share(layer_size.content_size, analysis.report.total_size)),
        number_cell(human_size(layer_size.dead_size) if layer_size.dead_size != 0 else ""),
        number_cell(human_size(layer_size.hidden_size) if layer_size.hidden_size != 0 else ""),
        number_cell(human_size(layer_size.blob_size)),
        element("td", element("code", title_of(analysis.image, layer_size.layer))),
        data_layer=str(layer_size.layer),
    )


def map_section() -> Markup:
    """Return the place for the map, which the script draws."""
    lead = "Area is bytes, of all layers together; the striped part of a field is dead. A click opens a folder."
    crumbs, board = element("div", class_="crumbs", id="crumbs"), element("div", id="treemap")
    return section("map", "Where the bytes are", lead, crumbs, board)


def advice_section(analysis: SizeAnalysis) -> Markup:
    """Return what to change, what saves most first."""
    advice = analysis.report.advice
    if not advice:
        return section("advice", "What to change", "Nothing: no waste and no risk of a known kind was seen.")
    lead = "Each with the instruction to change, and what was seen."
    return section(
        "advice", "What to change", lead, element("ol", *(_advised(analysis, each) for each in advice), class_="advice")
    )


def _advised(analysis: SizeAnalysis, advice: Advice) -> Markup:
    is_secret = advice.kind is AdviceKind.SECRET
    saves = "A secret is shipped" if is_secret else f"Saves {human_size(advice.saves)}"
    share = human_share(advice.saves, analysis.report.total_size)
    remark = f"layer {advice.layer}" if is_secret or not share else f"{share} of all content · layer {advice.layer}"
    paths = [path_cell(path) for path in advice.paths[:_MOST_PATHS]]
    more = len(advice.paths) - len(paths)
    count = element("summary", plural(len(advice.paths), "path"))
    left = [element("span", f"and {more:,} more", class_="soft")] if more > 0 else []
    return element(
        "li",
        element("h3", element("b", saves), element("span", remark)),
        element("p", advised_prose(advice.text)),
        element("code", title_of(analysis.image, advice.layer), class_="instruction"),
        element("details", count, *paths, *left) if paths else "",
        class_="secret" if is_secret else "",
    )


def dead_section(analysis: SizeAnalysis) -> Markup:
    """Return the dead files, the largest first, to be filtered by text and by reason."""
    why = analysis.report
    entries = why.dead.entries
    if not entries:
        told = "Nothing in this image is dead." if why.dead_size == 0 else "What is dead could not be told."
        return section("dead", "Dead bytes", told)
    sums = sorted(why.dead.by_reason.items(), key=lambda item: -item[1])
    told = ", ".join(f"{human_size(size)} {reason.value if reason else 'for unknown reasons'}" for reason, size in sums)
    lead = f"Files that a layer holds and the final image does not show: {told}."
    shown = entries[:_MOST_DEAD]
    if len(entries) > len(shown):
        left = sum(entry.size for entry in entries[_MOST_DEAD:])
        others = plural(len(entries) - len(shown), "other")
        lead += f" The {len(shown):,} largest are listed; {others} hold {human_size(left)}."
    reasons = [(reason.value if reason else "unknown") for reason, _ in sums]
    choices = [element("option", "every reason"), *(element("option", reason, value=reason) for reason in reasons)]
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
    titles = [("size", _NUMBER), ("reason", ""), ("wrote", _NUMBER), ("hid", _NUMBER), ("path", _WIDE)]
    rows = table(titles, [_dead_row(entry) for entry in shown], body_id="dead-rows")
    return section("dead", "Dead bytes", lead, filters, element("div", rows, class_="long"))


def _dead_row(entry: DeadEntry) -> Markup:
    reason = entry.reason.value if entry.reason else "unknown"
    return element(
        "tr",
        number_cell(human_size(entry.size)),
        element("td", element("span", reason, class_="reason")),
        number_cell(str(entry.writer)),
        number_cell(str(entry.hidden_by)),
        element("td", path_cell(entry.path)),
        data_reason=reason,
        data_size=str(entry.size),
    )


def file_section(analysis: SizeAnalysis) -> Markup:
    """Return the biggest files of the final image."""
    titles = [("size", _NUMBER), ("layer", _NUMBER), ("path", _WIDE)]
    rows = [
        element(
            "tr", number_cell(human_size(one.size)), number_cell(str(one.layer)), element("td", path_cell(one.path))
        )
        for one in analysis.report.largest[:_MOST_FILES]
    ]
    return section("files", "Biggest files", "Of the final image.", element("div", table(titles, rows), class_="long"))


def duplicate_section(analysis: SizeAnalysis) -> Markup:
    """Return the same bytes at several paths, those first that cost the most."""
    duplicates = analysis.report.duplicates
    if not duplicates:
        return section("duplicates", "Duplicates", "No two files of the final image hold the same bytes.")
    total, least = sum(each.saves for each in duplicates), "" if analysis.report.duplicates_complete else "at least "
    lead = f"The same bytes at several paths: {least}{human_size(total)} more than once."
    titles = [("costs", _NUMBER), ("size", _NUMBER), ("paths", _WIDE)]
    rows = [_duplicate_row(analysis, each) for each in duplicates[:_MOST_DUPLICATES]]
    return section("duplicates", "Duplicates", lead, element("div", table(titles, rows), class_="long"))


def _duplicate_row(analysis: SizeAnalysis, duplicate: Duplicate) -> Markup:
    index = analysis.tree.index
    paths = [element("div", path_cell(index.path(node))) for node in duplicate.nodes[:_MOST_COPIES]]
    more = len(duplicate.nodes) - len(paths)
    left = [element("span", f"and {more:,} more", class_="soft")] if more > 0 else []
    return element(
        "tr",
        number_cell(human_size(duplicate.saves)),
        number_cell(human_size(duplicate.size)),
        element("td", *paths, *left),
    )


def type_section(analysis: SizeAnalysis) -> Markup:
    """Return what files of each type weigh."""
    sizes = analysis.types.sizes
    rows = [(each.size, each.files, each.type.value) for each in sizes]
    return section("types", "File types", "Of the final image.", _shares(analysis, rows, "type"))


def package_section(analysis: SizeAnalysis) -> Markup:
    """Return what each package weighs."""
    packages = analysis.packages.packages
    if not packages:
        return section("packages", "Packages", "No package database was found that can be read.")
    rows = [
        (each.size, len(each.places), f"{each.package.name} {each.package.version} ({each.package.manager})")
        for each in packages[:_MOST_PACKAGES]
    ]
    lead = f"{plural(len(packages), 'package')}; {human_size(analysis.packages.unowned)} belong to none."
    return section("packages", "Packages", lead, element("div", _shares(analysis, rows, "package"), class_="long"))


def _shares(analysis: SizeAnalysis, rows: Sequence[tuple[int, int, str]], last: str) -> Markup:
    whole = sum(analysis.report.live.sizes)
    largest = max((size for size, _, _ in rows), default=0) or 1
    titles = [("size", _NUMBER), ("share", _NUMBER), ("", ""), ("files", _NUMBER), (last, _WIDE)]
    return table(
        titles,
        [
            element(
                "tr",
                number_cell(human_size(size)),
                number_cell(human_share(size, whole)),
                element("td", gauge(size / largest, 0)),
                number_cell(f"{files:,}"),
                element("td", printable_line(name)),
            )
            for size, files, name in rows
        ],
    )
