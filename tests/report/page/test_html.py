"""The HTML report in a real browser: drawing, navigation, no requests, and no harm from names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from layerscope.report.page.html import html_report
from layerscope.session.open import open_image
from layerscope.session.size.analysis import SizeAnalysis
from layerscope.text import printable_name
from tests.builders import ImageRecipe, docker_archive, file, image, layer, whiteout
from tests.heavy import HARMFUL, HARMFUL_NAMES, HEAVY
from tests.report.page.chromium import Chromium

pytestmark = pytest.mark.browser

_ROWS = "[...document.querySelectorAll('#dead-rows tr')].filter((row) => !row.hidden)"
_NAMES = "[...document.querySelectorAll('#treemap > :not(.inner)')].map((cell) => cell.querySelector('b')?.textContent)"
_HERE = "document.getElementById('treemap').dataset.path"


@pytest.fixture(scope="module")
def _browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
def browser(_browser: Chromium) -> Chromium:
    _browser.requests.clear()
    _browser.complaints.clear()
    _browser.prefer("light")
    return _browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {name: page(folder, recipe, name) for name, recipe in {"heavy": HEAVY, "harmful": HARMFUL}.items()}


def page(folder: Path, recipe: ImageRecipe, name: str) -> Path:
    archive = docker_archive(folder / f"{name}.tar", recipe)
    path = folder / f"{name}.html"
    with open_image(str(archive)) as session:
        path.write_text(html_report(SizeAnalysis(session.load())), encoding="utf-8")
    return path


def test_the_page_makes_no_requests(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"])
    browser.click("#theme")
    assert [url for url in browser.requests if url != "about:blank"] == [pages["heavy"].as_uri()]
    assert browser.complaints == []


def test_it_shows_verdict_layers_and_advice(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"])
    text = browser.evaluate("document.body.innerText")
    assert "Layer 2 (RUN chown 33" in text
    assert browser.evaluate("document.querySelectorAll('#layers tbody tr').length") == 3
    assert "Everyone who pulls the image has them." in text
    assert browser.evaluate("document.title") == "heavy:1, layer by layer"


def test_the_map_is_drawn_in_proportion(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"])
    areas = browser.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#treemap > :not(.inner)')].map((cell) =>"
        "[cell.title.split('\\n')[0], cell.offsetWidth * cell.offsetHeight]))"
    )
    assert next(iter(areas)) == "/srv", "the heaviest comes first"
    assert areas["/srv"] / areas["/var"] == pytest.approx(15_000 / 3_000, rel=0.1)


def test_a_click_on_the_map_opens_a_folder(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"])
    assert browser.evaluate(_HERE) == "/"
    browser.click("#treemap > a")
    browser.wait_for(f"{_HERE} === '/srv'")
    assert sorted(browser.evaluate(_NAMES)) == ["copy.bin", "model.bin"]
    assert "15 kB in 2 files, 5.0 kB of it dead" in browser.evaluate("document.getElementById('crumbs').innerText")
    browser.click("#crumbs a")
    browser.wait_for(f"{_HERE} === '/'")


@pytest.mark.parametrize(
    ("fragment", "shown"),
    [("#/var/cache", "/var/cache"), ("#/nowhere", "/"), ("#/var/nowhere", "/var"), ("#/%E0%A4%A", "/"), ("#dead", "/")],
)
def test_a_url_fragment_opens_its_folder(browser: Chromium, pages: dict[str, Path], fragment: str, shown: str) -> None:
    browser.open(pages["heavy"], fragment)
    assert browser.evaluate(_HERE) == shown
    assert browser.complaints == []


def test_dead_files_are_filtered_by_text_instruction_and_reason(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"])
    assert browser.evaluate("document.getElementById('dead-sum').textContent") == "4 files, 8.0 kB"
    browser.click("#dead-text")
    browser.enter("PKGCACHE")
    browser.wait_for(f"{_ROWS}.length === 1")
    assert browser.evaluate("document.getElementById('dead-sum').textContent") == "1 file, 3.0 kB"
    browser.evaluate("document.getElementById('dead-text').value = ''")
    browser.enter("chown 33")
    browser.wait_for(f"{_ROWS}.length === 1")
    assert "/srv/model.bin" in browser.evaluate(f"{_ROWS}[0].textContent")
    browser.evaluate("document.getElementById('dead-text').value = ''")
    browser.evaluate(
        "(() => { const one = document.getElementById('dead-reason'); one.value = 'deleted';"
        "one.dispatchEvent(new Event('change')); })()"
    )
    assert browser.evaluate(f"{_ROWS}.length") == 2


def test_a_phone_shows_every_table_without_scrolling_sideways(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.resize(390, 800)
    browser.open(pages["heavy"])
    try:
        assert browser.evaluate("document.documentElement.scrollWidth") == 390
        assert browser.evaluate(
            "[...document.querySelectorAll('.scroll, .long')].every((one) => one.scrollWidth <= one.clientWidth)"
        )
        line = browser.evaluate("document.querySelector('#layers td.n').getBoundingClientRect().height")
        rows = browser.evaluate("[...document.querySelectorAll('#layers tr')].map((row) => row.offsetHeight)")
        assert max(rows) < 8 * line, "no row is tall because one column is narrow"
        text = browser.evaluate("document.querySelector('#layers tbody tr').innerText")
        assert text.splitlines()[-1] == "ADD rootfs.tar /"
    finally:
        browser.resize(0, 0)


def test_names_on_the_map_lie_above_the_stripes(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"], "#/srv")
    assert browser.evaluate(
        "[...document.querySelectorAll('#treemap > :has(u) > b')].every((name) => {"
        "name.scrollIntoView({block: 'center', behavior: 'instant'});"
        "const box = name.getBoundingClientRect();"
        "return document.elementFromPoint(box.x + 3, box.y + box.height / 2) === name; })"
    )


def test_advice_shows_the_instruction_before_and_after(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"])
    assert browser.evaluate("document.querySelector('.diff').textContent.split('\\n')[1]") == (
        "+ ADD --chown=33:0 rootfs.tar /"
    )
    assert "18 kB → about " in browser.evaluate("document.getElementById('advice').innerText")


def test_the_theme_follows_the_system_and_the_switch(browser: Chromium, pages: dict[str, Path]) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    browser.open(pages["heavy"])
    light = browser.evaluate(background)
    browser.prefer("dark")
    dark = browser.evaluate(background)
    assert light != dark
    browser.click("#theme")
    browser.wait_for(f"{background} === '{light}'")
    browser.click("#theme")
    browser.wait_for(f"{background} === '{dark}'")
    assert browser.screenshot().startswith(b"\x89PNG")


def test_names_from_an_image_are_never_markup(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["harmful"], "#/srv")
    assert browser.evaluate("document.title") == "harmful:1, layer by layer"
    assert browser.evaluate("document.querySelectorAll('img, iframe, object, main b b, x').length") == 0
    assert browser.evaluate("document.scripts.length") == 2
    assert browser.complaints == []
    text = browser.evaluate("document.getElementById('dead').textContent")
    for name in HARMFUL_NAMES:
        # A path has no empty parts.
        assert f"/gone/{printable_name(name.replace('//', '/'))}" in text
    titles = browser.evaluate("[...document.querySelectorAll('#treemap > *')].map((cell) => cell.title).join('\\n')")
    for name in HARMFUL_NAMES:
        assert f"/srv/{printable_name(name.partition('/')[0])}" in titles


def test_the_policy_blocks_other_scripts(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["heavy"])
    browser.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
    browser.evaluate(
        "(() => { const one = document.createElement('script'); one.textContent = 'document.title = 2';"
        "document.body.append(one); })()"
    )
    assert browser.evaluate("document.title") == "heavy:1, layer by layer"


def test_the_page_of_a_large_image_has_a_bounded_size(browser: Chromium, tmp_path: Path) -> None:
    names = [f"d{first:02}/e{second:02}/f{third}" for first in range(40) for second in range(25) for third in range(12)]
    many = image(
        layer(*(file(name, name.encode()) for name in names)), layer(*(whiteout(f"d{n:02}") for n in range(10)))
    )
    path = page(tmp_path, many, "many")
    assert path.stat().st_size < 2_000_000
    browser.open(path)
    assert browser.evaluate("document.querySelectorAll('#dead-rows tr').length") == 2_000
    assert "1,000 others" in browser.evaluate("document.getElementById('dead').textContent")
    assert browser.complaints == []
