"""The report as one HTML page that needs no network and no other file, and trusts nothing from the image."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from importlib.resources import files
from typing import NotRequired, TypedDict

from layerscope import __version__
from layerscope.analysis.size.directories import DirectoryRow, DirectorySizes
from layerscope.report.escape import in_script
from layerscope.report.page import sections
from layerscope.report.page.elements import Markup, element, joined, prose
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.session.size.remarks import remarks
from layerscope.session.summary import image_facts
from layerscope.text import human_share, human_size, plural, printable_line, printable_name, whole_percent

_PLACEHOLDER = re.compile(r"\{\{([A-Z_]+)\}\}")
_NAVIGATION = (
    ("layers", "Layers"),
    ("map", "Map"),
    ("advice", "What to change"),
    ("dead", "Dead bytes"),
    ("files", "Files"),
    ("duplicates", "Duplicates"),
    ("types", "Types"),
    ("packages", "Packages"),
)


def html_report(analysis: SizeAnalysis) -> str:
    """Return the page; this reads layers and file contents as needed."""
    image, why = analysis.image, analysis.report
    name = printable_name(image.name)
    warnings = (f"Warning: {sentence}." for sentence in image.warnings)
    secrets = [("secrets", "Secrets")] if why.secrets else []
    content = {
        "TITLE": joined([f"{name}, layer by layer"]),
        "NAVIGATION": joined(element("a", title, href=f"#{anchor}") for anchor, title in (*secrets, *_NAVIGATION)),
        "NAME": joined([name]),
        "FACTS": prose(image_facts(image, analysis.tallies)),
        "VERDICT": prose(why.verdict),
        "TILES": joined(_tiles(analysis)),
        "REMARKS": joined(element("p", prose(remark), class_="remark") for remark in (*remarks(why), *warnings)),
        "SECTIONS": joined(_sections(analysis)),
        "SOURCE": joined([printable_line(image.source)]),
        "TREE": in_script(map_items(analysis.directories)),
    }
    return filled(content)


def filled(content: Mapping[str, str]) -> str:
    """Return the page with this content, which is markup, and with its style and script."""
    script = _packaged("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    content = {
        **content,
        "SCRIPT_HASH": f"sha256-{digest}",
        "STYLE": _packaged("page.css"),
        "VERSION": joined([__version__]),
        "SCRIPT": script,
    }
    return _PLACEHOLDER.sub(lambda match: content[match[1]], _packaged("page.html"))


def _packaged(name: str) -> str:
    return files("layerscope.report.page").joinpath(name).read_text(encoding="utf-8")


def _tiles(analysis: SizeAnalysis) -> Iterator[Markup]:
    why = analysis.report
    share = human_share(why.dead_size, why.total_size)
    yield tile("content", human_size(why.total_size), f"in {plural(len(why.layers), 'layer')}")
    yield tile("stored", human_size(why.blob_size), "")
    yield tile("dead", human_size(why.dead_size), share)
    yield tile("efficiency", "?" if why.efficiency is None else whole_percent(why.efficiency), "")
    yield tile("in the final image", human_size(sum(why.live.sizes)), plural(len(why.live), "file"))


def tile(title: str, figure: str, remark: str) -> Markup:
    """Return a figure with its title."""
    return element("div", element("dt", title), element("dd", figure, " ", element("small", remark)))


def _sections(analysis: SizeAnalysis) -> Iterator[Markup]:
    yield sections.secret_section(analysis)
    yield sections.layer_section(analysis)
    yield sections.map_section()
    yield sections.advice_section(analysis)
    yield sections.dead_section(analysis)
    yield element("div", sections.file_section(analysis), sections.duplicate_section(analysis), class_="pair")
    yield element("div", sections.type_section(analysis), sections.package_section(analysis), class_="pair")


MOST_ITEMS = 6_000
"""The number of files and folders above which no more folders are opened."""

_MOST_CHILDREN = 60
"""The most items of one folder; the others are summed up as one."""


class MapItem(TypedDict):
    """A file or a folder: name, live bytes, dead bytes, live files, and the position ``p`` of its folder in the list.

    ``c`` marks a folder whose items are in the list, ``r`` the sum of several items. A list, rather than folders in
    folders, has no limit on their depth, neither here nor in a browser.
    """

    n: str
    s: int
    d: int
    f: int
    p: NotRequired[int]
    c: NotRequired[bool]
    r: NotRequired[bool]


def map_items(sizes: DirectorySizes, most: int = MOST_ITEMS) -> list[MapItem]:
    """Return the root and what is below it; large folders are opened before small ones."""
    root = sizes.row(0)
    items: list[MapItem] = [_item(root, "/")]
    pending = [(-root.size - root.dead, 0, 0)]
    while pending and len(items) <= most:
        _, folder, position = heappop(pending)
        items[position]["c"] = True
        rows = sizes.rows(folder)
        rows.sort(key=lambda row: (-row.size - row.dead, row.node))
        for row in rows[:_MOST_CHILDREN]:
            if row.is_directory:
                heappush(pending, (-row.size - row.dead, row.node, len(items)))
            items.append({**_item(row, printable_name(row.name)), "p": position})
        if len(rows) > _MOST_CHILDREN:
            items.append({**_sum(rows[_MOST_CHILDREN:]), "p": position, "r": True})
    return items


def _item(row: DirectoryRow, name: str) -> MapItem:
    return {"n": name, "s": row.size, "d": row.dead, "f": row.files}


def _sum(rows: list[DirectoryRow]) -> MapItem:
    """Return the sum of the smallest items; it comes last, also if it is the largest."""
    return {
        "n": f"{len(rows):,} more",
        "s": sum(row.size for row in rows),
        "d": sum(row.dead for row in rows),
        "f": sum(row.files for row in rows),
    }
