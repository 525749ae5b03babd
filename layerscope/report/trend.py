"""The releases of an image: the ``trend`` document, the table and the plot for people, CSV, and a page with a plot."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import astuple

from layerscope.report.escape import in_csv
from layerscope.report.json_document import NO_LIMIT, Limit, Listing, write_document
from layerscope.report.listings import ListedTag, listed_tag
from layerscope.report.page.elements import Markup, element, joined, number_cell, prose, section
from layerscope.report.page.html import filled, tile
from layerscope.report.tables import Block, Grid, GridColumn, Line, Paragraph, screen_width, show
from layerscope.session.summary import BLOCKS, cause_words, growth_words, minute_text, plot_of
from layerscope.text import human_size, plural, printable_line, printable_name

if TYPE_CHECKING:
    from layerscope.session.releases import PackageRelease, PathSize
    from layerscope.session.trend import Release, Trend

_LEAST_HEIGHT = 20
"""The lines of a terminal that has room for a plot above the table."""
_SVG_WIDTH, _SVG_HEIGHT = 1000, 240

_CSV_COLUMNS = (
    *("release", "created", "content_size", "blob_size", "engine_size", "growth", "pull_size", "layers"),
    *("cause_layer", "cause_instruction", "path_size", "package_version", "package_size", "digest", "error"),
)


class JumpPart(Struct):
    """The step that made a release grow or shrink; ``layer`` is null for a step that only the release before has."""

    layer: int | None
    instruction: str | None


class PathPart(Struct):
    """A path in a release."""

    size: int
    layer: int


class ReleasedPackagePart(Struct):
    """A package in a release."""

    version: str
    size: int


class ReleasePart(ListedTag, kw_only=True):
    """A release; the figures of others are against the release before."""

    content_size: int | None
    engine_size: int | None
    growth: int | None
    cause: JumpPart | None
    path: PathPart | UnsetType | None = UNSET
    package: ReleasedPackagePart | UnsetType | None = UNSET


class TrendDocument(Listing, kw_only=True):
    """The whole document."""

    name: str
    releases: list[ReleasePart]


def write_trend_document(
    trend: "Trend", file: TextIO, limit: Limit = NO_LIMIT, *, path: bool = False, package: bool = False
) -> None:
    """Write the document, with the ``path`` and the ``package`` if they were asked for."""
    rows = list[ReleasePart]()
    for each in limit(trend.releases):
        part = ReleasePart(
            *astuple(listed_tag(each.tag)),
            content_size=each.content_size,
            engine_size=each.engine_size,
            growth=None if each.growth is None else each.growth.size,
            cause=_cause(each),
        )
        if path:
            part.path = None if each.path is None else PathPart(each.path.size, each.path.layer)
        if package:
            found = each.package
            part.package = None if found is None else ReleasedPackagePart(found.version, found.size)
        rows.append(part)
    write_document(TrendDocument(name=trend.name, releases=rows), file, limit=limit)


def _cause(release: "Release") -> JumpPart | None:
    found = release.growth
    return None if found is None or found.step is None else JumpPart(found.layer, found.step.instruction)


def write_trend_table(
    trend: "Trend", file: TextIO, limit: Limit = NO_LIMIT, *, path: str | None = None, package: str | None = None
) -> None:
    """Print a row for each release, with the path and the package, below a plot where a terminal has room."""
    sizes, parts = trend.sizes(), list[Block]()
    width = screen_width(file)
    if width is not None and os.get_terminal_size(file.fileno()).lines >= _LEAST_HEIGHT:
        plot = plot_of(trend, width, BLOCKS["utf" in (file.encoding or "").lower()])
        lines = [*plot.lines, ""] if plot else []
        parts += (Paragraph(line.lstrip(), indent=len(line) - len(line.lstrip())) for line in lines)
    asked = [printable_name(name) for name in (path, package) if name is not None]
    grid = Grid(
        *(GridColumn(name, is_right=True) for name in (*sizes, "growth", "pull")),
        GridColumn("layers", is_right=True, is_optional=True),
        *(GridColumn(name, is_right=True) for name in asked),
        GridColumn("created", is_optional=True),
        GridColumn("release", is_flexible=True, least=8),
        GridColumn("step", is_flexible=True),
    )
    for at, each in enumerate(limit(trend.releases)):
        tag, name = each.tag, Line(printable_name(each.tag.name), is_folded=True)
        if tag.reason is not None:
            reason = Line(printable_line(tag.reason), "red" if tag.is_broken else "dim", is_folded=True)
            grid.add_row(*[""] * (len(sizes) + len(asked) + 4), name, reason)
            continue
        figures = [
            *(human_size(column[at]) for column in sizes.values()),
            growth_words(each),
            human_size(tag.pull_size),
        ]
        found = [size_at(each.path)] * (path is not None) + [package_words(each.package)] * (package is not None)
        grid.add_row(*figures, str(tag.layers), *found, minute_text(tag.created), name, Line(cause_words(each)))
    show([*parts, grid], file)


def size_at(path: "PathSize | None") -> str:
    """Return the size of a path in a release, which may lack it."""
    return "-" if path is None else human_size(path.size)


def package_words(package: "PackageRelease | None") -> str:
    """Return version and size of a package in a release, which may lack it."""
    return "-" if package is None else f"{printable_line(package.version)} {human_size(package.size)}"


def trend_csv(trend: "Trend") -> str:
    """Return a table with a row for each release; sizes in bytes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_CSV_COLUMNS)
    for each in trend.releases:
        tag, cause, path, package = each.tag, _cause(each), each.path, each.package
        sizes = each.content_size, tag.blob_size, each.engine_size, None if each.growth is None else each.growth.size
        row = (
            *(tag.name, tag.created, *sizes, tag.pull_size, tag.layers),
            *((cause.layer, printable_line(cause.instruction or "")) if cause else (None, None)),
            *(path and path.size, package and printable_line(package.version), package and package.size),
            *(tag.digest and str(tag.digest), printable_line(tag.reason or "")),
        )
        writer.writerow([in_csv(value) if isinstance(value, str) else value for value in row])
    return text.getvalue()


def trend_page(trend: "Trend") -> str:
    """Return one HTML page with a plot, which needs no network and no other file."""
    measure, sizes = next(iter(trend.sizes().items()), ("", list[int | None]()))
    known = [size for size in sizes if size is not None]
    name = printable_name(trend.name)
    figures = (("first", known[:1]), ("last", known[-1:]), ("largest", sorted(known)[-1:]))
    titles = (*trend.sizes(), "growth", "pull", "layers", "created", "release", "step")
    head = element("thead", element("tr", *(element("th", title) for title in titles)))
    rows = (element("tr", *_page_cells(trend, at)) for at in range(len(trend.releases)))
    table = element("div", element("table", head, element("tbody", *rows)), class_="scroll")
    problems = (element("p", prose(f"Warning: {problem}."), class_="remark") for problem in trend.problems)
    content = {
        "TITLE": joined([f"{name}, release by release"]),
        "NAVIGATION": "",
        "NAME": joined([name]),
        "FACTS": prose(f"{plural(len(trend.releases), 'release')}, the oldest first"),
        "VERDICT": "",
        "TILES": joined(
            tile(f"{title} ({measure})", human_size(size), "") for title, found in figures for size in found
        ),
        "REMARKS": joined(problems),
        "SECTIONS": joined(
            [section("plot", f"Size ({measure})", "", _svg(trend, sizes)), section("rows", "Releases", "", table)]
        ),
        "SOURCE": joined([name]),
        "TREE": "[]",
    }
    return filled(content)


def _page_cells(trend: "Trend", at: int) -> Iterator[Markup]:
    each = trend.releases[at]
    tag, name = each.tag, element("td", printable_name(each.tag.name))
    if tag.reason is not None:
        yield from (*(element("td") for _ in range(len(trend.sizes()) + 4)), name, element("td", prose(tag.reason)))
        return
    yield from (number_cell(human_size(column[at])) for column in trend.sizes().values())
    yield from map(number_cell, (growth_words(each), human_size(tag.pull_size), str(tag.layers)))
    yield from (element("td", minute_text(tag.created)), name, element("td", element("code", cause_words(each))))


def _svg(trend: "Trend", sizes: Sequence[int | None]) -> Markup:
    """Return a bar for each release; its title says what it is."""
    most = max(filter(None, sizes), default=0)
    width, bars = _SVG_WIDTH / max(1, len(sizes)), list[Markup]()
    for at, (each, size) in enumerate(zip(trend.releases, sizes, strict=True)):
        height = _SVG_HEIGHT * (size or 0) / max(1, most)
        words = " · ".join(
            filter(None, (printable_name(each.tag.name), human_size(size), growth_words(each), cause_words(each)))
        )
        position = {"x": f"{at * width:.2f}", "y": f"{_SVG_HEIGHT - height:.2f}"}
        extent = {"width": f"{width * 0.8:.2f}", "height": f"{height:.2f}"}
        bars.append(element("rect", element("title", words), **position, **extent, fill="var(--live)"))
    largest = element("p", human_size(most), class_="soft")
    box = f"0 0 {_SVG_WIDTH} {_SVG_HEIGHT}"
    return joined([largest, element("svg", *bars, viewBox=box, role="img", width="100%")])
