"""The page of a report on a survey, with a plot of how many images hold the stored bytes."""

from collections.abc import Sequence
from typing import Any

from layerscope.report.page.elements import Markup, element, joined, prose, section, size_table
from layerscope.report.page.html import filled, tile
from layerscope.report.survey import SurveyReport, SurveySection, report_tables
from layerscope.session.size.columns import ReportTable
from layerscope.text import human_share, human_size, plural

_MOST_ON_PAGE = 200


def survey_page(report: SurveyReport, name: str) -> str:
    """Return the report as a page of its own."""
    it = report.summary
    shown = [(part, table) for part, table in report_tables(report) if table.rows]
    tiles = (
        tile("stored", human_size(it.blob_size), plural(it.layers, "layer")),
        tile("held by several images", human_size(it.shared_size), human_share(it.shared_size, it.blob_size)),
        tile("saved by sharing", human_size(it.unshared_size - it.blob_size), ""),
        tile("wasted", human_size(it.wasted_size), human_share(it.wasted_size, it.content_size)),
    )
    content = {
        "TITLE": joined([f"Survey of {name}"]),
        "NAVIGATION": joined(element("a", part.title, href=f"#{part.field}") for part, _ in shown),
        "NAME": joined([f"Survey of {name}"]),
        "FACTS": prose(f"{plural(it.images, 'image')} · {plural(it.tags, 'tag')} · {plural(it.layers, 'layer')}"),
        "VERDICT": prose(report.sentences[0]),
        "TILES": joined(tiles),
        "REMARKS": joined(element("p", prose(text), class_="remark") for text in report.sentences[1:]),
        "SECTIONS": joined([_plot(report.spread), *(_page_section(part, table) for part, table in shown)]),
        "SOURCE": joined([name]),
        "TREE": "[]",
    }
    return filled(content)


def _page_section(part: SurveySection, table: ReportTable[Any]) -> Markup:
    more = len(table.rows) - _MOST_ON_PAGE
    lead = f"{part.lead} The first {_MOST_ON_PAGE} of {len(table.rows):,}." if more > 0 else part.lead
    return section(
        part.field, part.title, lead.strip(), element("div", size_table(table, _MOST_ON_PAGE), class_="long")
    )


_WIDTH, _HEIGHT, _FOOT = 1_000, 220, 26

_MOST_HOLDERS = 10
"""The last bar of the plot is of the layers that this number of images or more hold."""


def _plot(spread: Sequence[tuple[int, int]]) -> Markup:
    """Return a plot of the bytes that one, two and more images hold."""
    sizes = dict(spread)
    if not sizes:
        return Markup("")
    most, step = max(sizes.values()) or 1, _WIDTH / _MOST_HOLDERS
    bars: list[Markup] = []
    for holders in range(1, _MOST_HOLDERS + 1):
        height = (_HEIGHT - 24) * sizes.get(holders, 0) / most
        left, top = (holders - 1) * step, _HEIGHT - height
        middle = f"{left + step / 2:.1f}"
        label = "10 or more" if holders == _MOST_HOLDERS else plural(holders, "image")
        bars += [
            element(
                "rect",
                x=f"{left + 8:.1f}",
                y=f"{top:.1f}",
                width=f"{step - 16:.1f}",
                height=f"{height:.1f}",
                fill="var(--live)",
            ),
            _label(label, middle, _HEIGHT + 20),
        ]
        if holders in sizes:
            bars.append(_label(human_size(sizes[holders]), middle, top - 6))
    drawing = element(
        "svg",
        *bars,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT + _FOOT}",
        role="img",
        aria_label="stored bytes by number of images",
    )
    return section("spread", "Stored bytes by how many images hold them", "Each byte counts once.", drawing)


def _label(text: str, x: str, y: float) -> Markup:
    return element("text", text, x=x, y=f"{y:.1f}", text_anchor="middle", font_size="13", fill="currentColor")
