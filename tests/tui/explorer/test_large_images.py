"""Images with long instructions, many steps or many layers: the work grows with what is on the screen."""

from collections.abc import Iterator
from pathlib import Path
from time import process_time

from textual.app import ComposeResult
from textual.screen import Screen

from layerscope.model.image import Layer, Step
from layerscope.tui.app import LayerscopeApp
from layerscope.tui.explorer.layer_list import LayerColumns, LayerLine, LayerList
from layerscope.tui.widgets.field_list import FieldList
from tests.builders import docker_archive, file, image, layer
from tests.tui.journeys import journey

STEPS = 100_000
GENEROUS_SECONDS = 30


class CountedLines:
    """Lines of many steps that count how often one is built."""

    def __init__(self) -> None:
        self.built = 0

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, item: int) -> LayerLine:
        self.built += 1
        return LayerLine(Step(f"RUN step {item}"), Layer(item + 1, None, None), content_size=item)

    def layer_at(self, item: int) -> int | None:
        return None if item % 2 else item + 1


class ListScreen(Screen[None]):
    """A layer list, and details."""

    def compose(self) -> ComposeResult:
        yield LayerList()
        yield FieldList()


async def test_only_the_steps_on_the_screen_are_built() -> None:
    lines, app = CountedLines(), LayerscopeApp(ListScreen)
    async with app.run_test(size=(60, 30)) as pilot:
        layers = app.screen.query_one(LayerList)
        layers.show(lines, LayerColumns(digits=6), STEPS - 1)
        for key in ("home", "end", "pageup", "up", "down", "home", "pagedown"):
            await pilot.press(key)
        assert layers.cursor > 0
        assert lines.built < 1000


async def test_details_show_the_start_of_a_long_list() -> None:
    app = LayerscopeApp(ListScreen)
    async with app.run_test(size=(60, 30)) as pilot:
        fields = app.screen.query_one(FieldList)
        fields.show([("Env", f"A={number}") for number in range(STEPS)])
        await pilot.press("tab", "end")
        assert any("and 99,500 more" in fields.children[0].render_line(y).text for y in range(499, 502))


async def test_an_instruction_of_a_million_characters_is_cut(tmp_path: Path) -> None:
    history = [{"created_by": "RUN " + "word " * 200_000}, {"created_by": "RUN " + "\u202e" * 1_000_000}]
    path = docker_archive(tmp_path / "long.tar", image(layer(file("a")), layer(file("b")), history=history))
    start = process_time()
    async with journey(path) as at:
        await at.press("up", "i", "i", "e", "down", "tab", "down", "n", "shift+tab", "home", "end")
        assert "characters in all" in at.details()
        assert len(at.details()) < 50_000
    assert process_time() - start < GENEROUS_SECONDS


async def test_keys_work_with_many_steps_and_layers(tmp_path: Path) -> None:
    same = layer(file("a", b"x"))
    history = [line for number in range(1000) for line in _lines(number)]
    path = docker_archive(tmp_path / "many.tar", image(*[same] * 1000, history=history))
    start = process_time()
    async with journey(path) as at:
        assert at.layer() == 1000
        await at.press("up", "pageup", "left_square_bracket", "e", "home", "end", "e", "D", "i", "tab", "down")
        assert "1,000 layers" in at.title()
    assert process_time() - start < GENEROUS_SECONDS


def _lines(number: int) -> Iterator[dict[str, object]]:
    yield {"created_by": f"COPY {number} /"}
    for step in range(20):
        yield {"created_by": f"ENV A={step}", "empty_layer": True}
