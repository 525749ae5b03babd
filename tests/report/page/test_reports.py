"""Reports as text: Markdown and CSV by their own readers, the page's source, and what is bounded."""

import csv
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from layerscope.report.page.html import html_report, map_items
from layerscope.report.page.markdown import markdown_report
from layerscope.report.page.spreadsheet import CsvRow, csv_report
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis
from tests.builders import ImageRecipe, blob_name, docker_archive, docker_files, file, image, layer, sha256, write_tar
from tests.heavy import CLEAN, HARMFUL, HEAVY

RECIPES = {"heavy": HEAVY, "harmful": HARMFUL, "clean": CLEAN}


def report_on(folder: Path, recipe: ImageRecipe, make: Callable[[SizeAnalysis], str]) -> str:
    with open_image(str(docker_archive(folder / "image.tar", recipe))) as session:
        return make(SizeAnalysis(session.load()))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_csv_has_rows_of_every_kind(tmp_path: Path) -> None:
    rows = rows_of(report_on(tmp_path, HEAVY, csv_report))
    assert [row["size"] for row in rows if row["kind"] == "layer"] == ["8035", "10100", "30"]
    dead = {
        row["name"]: (row["size"], row["layer"], row["hidden_by"], row["reason"])
        for row in rows
        if row["kind"] == "dead"
    }
    assert dead["/srv/model.bin"] == ("5000", "1", "2", "metadata-only")
    assert sum(int(size) for size, *_ in dead.values()) == 8_035
    assert len([row for row in rows if row["kind"] == "duplicate"]) == 2
    assert {row["kind"] for row in rows} == {"layer", "file", "dead", "duplicate", "type", "advice", "secret"}


def test_csv_cells_are_not_formulas_and_do_not_break_rows(tmp_path: Path) -> None:
    text = report_on(tmp_path, HARMFUL, csv_report)
    for row in csv.reader(io.StringIO(text, newline=""), strict=True):
        assert len(row) == len(CsvRow._fields)
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert all(line.isprintable() for line in text.split("\r\n"))


@pytest.mark.parametrize("name", RECIPES)
def test_markdown_reads_as_headings_tables_and_lists(tmp_path: Path, name: str) -> None:
    text = report_on(tmp_path, RECIPES[name], markdown_report)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    kinds = [each.type for token in tokens for each in (token, *(token.children or ()))]
    assert "table_open" in kinds
    assert not {"link_open", "image", "html_block", "em_open"} & set(kinds)
    assert {token.info for token in tokens if token.type == "fence"} <= {"diff"}
    inline = [each.content for token in tokens for each in token.children or () if each.type == "html_inline"]
    assert set(inline) <= {"<!-- -->"}


def test_markdown_rows_have_the_same_number_of_cells(tmp_path: Path) -> None:
    text = report_on(tmp_path, HARMFUL, markdown_report)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    cells: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            cells.append(0)
        elif token.type in {"td_open", "th_open"}:
            cells[-1] += 1
        elif token.type == "table_close":
            assert len(set(cells)) == 1
            cells.clear()


def test_markdown_has_the_verdict_and_the_advice(tmp_path: Path) -> None:
    text = report_on(tmp_path, HEAVY, markdown_report)
    assert text.startswith("# heavy:1\n")
    assert "8.0 kB" in text
    assert "1. **Layer " in text
    assert "`/srv/model.bin`" in text


@pytest.mark.parametrize("make", [markdown_report, html_report, csv_report])
def test_secrets_come_first_in_every_report_and_are_no_saving(
    tmp_path: Path, make: Callable[[SizeAnalysis], str]
) -> None:
    text = report_on(tmp_path, HEAVY, make)
    # The verdict above the sections names the largest layer and its instruction.
    body = text.partition("<main>")[2] or text.partition("\n## ")[2] or text
    assert "/root/.ssh/id_rsa" in body
    assert body.index("an SSH key") < body.index("/srv/model.bin")


class _Balance(HTMLParser):
    """Sees to it that each element ends where it should."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.ids += [facts["id"] or ""] if "id" in facts else []
        self.links += [value or "" for key, value in attrs if key in {"src", "href", "action", "data"}]
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", RECIPES)
def test_the_page_is_well_formed_and_has_no_external_links(tmp_path: Path, name: str) -> None:
    text = report_on(tmp_path, RECIPES[name], html_report)
    reader = _Balance()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert all(link.startswith("#") and link[1:] in reader.ids for link in reader.links)
    assert not re.search(
        r"url\(|@import|https?://",
        re.sub(r"<code.*?</code>|<td.*?</td>|<script.*?</script>", "", text, flags=re.DOTALL),
    )


def test_reports_say_what_is_unknown(tmp_path: Path) -> None:
    files = docker_files(HEAVY)
    del files[blob_name(sha256(HEAVY.layers[1]))]
    with open_image(str(write_tar(tmp_path / "broken.tar", files))) as session:
        analysis = SizeAnalysis(session.load())
        assert "Unknown: layer 2 could not be read whole" in html_report(analysis)
        assert "Unknown: layer 2 could not be read whole" in markdown_report(analysis)
        sizes = {row["layer"]: row["size"] for row in rows_of(csv_report(analysis)) if row["kind"] == "layer"}
        assert sizes["2"] == "", "the size of a layer that could not be read"


def test_the_map_is_bounded_and_its_sums_are_exact(tmp_path: Path) -> None:
    with open_image(str(docker_archive(tmp_path / "heavy.tar", HEAVY))) as session:
        directories = SizeAnalysis(session.load()).directories
        few, whole = map_items(directories, most=3), map_items(directories)
    assert len(few) < len(whole)
    for root, *items in (few, whole):
        assert (root["s"], root["d"]) == (10_130, 8_035)
        assert sum(item["s"] for item in items if item["p"] == 0) == 10_130
        assert sum(item["d"] for item in items if item["p"] == 0) == 8_035


def test_the_page_lists_2000_layers_and_sums_the_others_up(tmp_path: Path) -> None:
    page = report_on(tmp_path, image(*[layer(file("a", b"xyz"))] * 2_004), html_report)
    assert re.findall(r'data-layer="(\d+)"', page) == [str(number) for number in range(1, 2_001)]
    assert "and 4 more layers, 12 B" in page


def test_folders_may_be_nested_to_any_depth(tmp_path: Path) -> None:
    names = b"/".join([b"d"] * 2_000).decode()
    recipe = image(layer(file(f"{names}/deepest", b"x")))
    for make in (html_report, markdown_report, csv_report):
        assert "/d/d/d/" in report_on(tmp_path, recipe, make)


def test_code_in_markdown_is_not_escaped_and_changes_are_a_diff(tmp_path: Path) -> None:
    lines = report_on(tmp_path, HEAVY, markdown_report).splitlines()
    start = lines.index("   ```diff")
    assert lines[start + 1 : start + 3] == ["   - ADD rootfs.tar /", "   + ADD --chown=33:0 rootfs.tar /"]
    assert not any("\\" in part for line in lines for part in line.split("`")[1::2] if "\\" in part)
    assert any(line.startswith("18 kB → about ") for line in lines)
