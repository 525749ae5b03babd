"""Titles of frames."""

from textual.app import App, ComposeResult
from textual.geometry import Region

from layerscope.tui.widgets.framed import FramedPane


class Frame(FramedPane):
    DEFAULT_CSS = "Frame { border: round white; padding: 1 2; }"


class FrameApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Frame()


async def test_a_title_paints_its_own_line_of_the_frame_alone() -> None:
    async with FrameApp().run_test(size=(40, 10)) as pilot:
        frame = pilot.app.query_one(Frame)
        await pilot.pause()
        frame.write_title("files")
        frame.write_subtitle("by name")
        assert frame._repaint_regions == {Region(0, 0, 40, 1), Region(0, 9, 40, 1)}
        await pilot.pause()
        lines = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
        assert "files" in lines[0]
        assert "by name" in lines[9]
        frame.write_title("files")
        assert not frame._repaint_regions
        frame.refresh()
        assert frame._repaint_regions == {Region(0, 0, 40, 10)}
