"""The report as one HTML page that needs no network and no other file, and trusts nothing from the image."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from layerscope import __version__
from layerscope.report.escape import in_script
from layerscope.report.page.html import sections
from layerscope.report.page.html.elements import Markup, element, joined, prose
from layerscope.report.page.html.treemap import map_items
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
    content = {
        "TITLE": joined([f"{name}, layer by layer"]),
        "NAVIGATION": joined(element("a", title, href=f"#{anchor}") for anchor, title in _navigation(analysis)),
        "NAME": joined([name]),
        "FACTS": prose(image_facts(image, analysis.tallies)),
        "VERDICT": prose(why.verdict),
        "TILES": joined(_tiles(analysis)),
        "REMARKS": joined(element("p", prose(remark), class_="remark") for remark in _remarks(analysis)),
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


def _navigation(analysis: SizeAnalysis) -> Iterator[tuple[str, str]]:
    """Yield anchor and title of each section of the page."""
    if analysis.report.secrets:
        yield "secrets", "Secrets"
    yield from _NAVIGATION


def _packaged(name: str) -> str:
    return files("layerscope.report.page.html").joinpath(name).read_text(encoding="utf-8")


def _tiles(analysis: SizeAnalysis) -> Iterator[Markup]:
    why = analysis.report
    share = human_share(why.dead_size, why.total_size)
    yield tile("content", human_size(why.total_size), f"in {plural(len(why.layers), 'layer')}")
    yield tile("blobs, as stored", human_size(why.blob_size), "")
    yield tile("dead", human_size(why.dead_size), share)
    yield tile("efficiency", "?" if why.efficiency is None else whole_percent(why.efficiency), "")
    yield tile("in the final image", human_size(sum(why.live.sizes)), plural(len(why.live), "file"))


def tile(title: str, figure: str, remark: str) -> Markup:
    """Return a figure with its title."""
    return element("div", element("dt", title), element("dd", figure, " ", element("small", remark)))


def _remarks(analysis: SizeAnalysis) -> Iterator[str]:
    yield from remarks(analysis.report)
    yield from (f"Warning: {sentence}." for sentence in analysis.image.warnings)


def _sections(analysis: SizeAnalysis) -> Iterator[Markup]:
    yield sections.secret_section(analysis)
    yield sections.layer_section(analysis)
    yield sections.map_section()
    yield sections.advice_section(analysis)
    yield sections.dead_section(analysis)
    yield element("div", sections.file_section(analysis), sections.duplicate_section(analysis), class_="pair")
    yield element("div", sections.type_section(analysis), sections.package_section(analysis), class_="pair")
