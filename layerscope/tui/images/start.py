"""The start screen: local images, containers, and the archives of a folder, to choose what to open."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from layerscope.analysis.search.query import parse_query
from layerscope.cache.cache import Cache
from layerscope.errors import AmbiguousImage, LayerscopeError, UsageError
from layerscope.model.candidate import Candidate
from layerscope.model.engine import Engine
from layerscope.model.progress import Progress
from layerscope.session.image_session import ImageRequest, ImageSession
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.local.listing import layered_images, local_archives, local_containers, local_images
from layerscope.session.local.sharing import sharing
from layerscope.session.open import UndecidedImage, first_undecided, open_or_choose, request_of
from layerscope.text import plural, printable_line, printable_name
from layerscope.tui.app import LayerscopeApp, push_explorer, run_app
from layerscope.tui.comparison.explore import OpenedPair, open_other, open_pair, push_comparison
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.drawing.cells import excerpt
from layerscope.tui.drawing.glyphs import glyphs_of
from layerscope.tui.images.chooser import ChooserScreen, candidate_chooser
from layerscope.tui.images.opening import OpeningScreen
from layerscope.tui.images.start_list import (
    Section,
    StartList,
    StartRow,
    StartState,
    archive_row,
    container_row,
    image_row,
    layer_row,
    recent_row,
)
from layerscope.tui.keys.order import LeftOnce, is_first
from layerscope.tui.keys.table import FILTER, HELP, QUIT, Key, KeyGroup, bindings
from layerscope.tui.keys.workers import start_detached
from layerscope.tui.services import copy_text, services_of, warn
from layerscope.tui.tree.filter_bar import FilterBar, FilterLine
from layerscope.tui.tree.keys import FILTER_KEYS
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.title_line import Fact, TitleLine

_KEYS = (
    HELP,
    Key("enter", "open", "open", "Open the image or container under the cursor", id="start.open", rank=10),
    Key("tab", "section(1)", "section", "Go to the next section", id="start.next-section", rank=15),
    Key("shift+tab", "section(-1)", "previous section", "Go to the previous section", id="start.previous-section"),
    replace(FILTER, help="Filter as you type, or type what to open: an archive, an image, a reference"),
    Key("escape", "clear", "back", "Clear the filter, or go back", id="start.clear", rank=30),
    Key("m,D", "mark", "mark", "Mark an image; on another one, compare the two", id="start.mark", rank=35),
    Key(
        "T",
        "releases",
        "releases",
        "Show the releases of the image: their sizes, and what made each jump",
        id="start.releases",
        rank=37,
    ),
    Key("s", "sort", "sort", "Sort by time, by size or by name", id="start.sort", rank=40),
    Key("r", "refresh", "refresh", "Ask the engines and look into the folder again", id="start.refresh", rank=50),
    Key("y", "copy", "copy", "Copy the reference that opens the row", id="start.copy", rank=60),
    QUIT.at(70),
)
_TABLE = (
    KeyGroup("On the start screen", _KEYS),
    KeyGroup("In any list", LineList.KEYS),
    KeyGroup("In the filter", FILTER_KEYS),
)

_FOLDER = "this folder"
_WHEN_EMPTY = """\
No engine has an image or a container, and this folder holds no image.

  layerscope my-app.tar                    an archive, or an OCI layout
  layerscope my-app:v1                     an image of the local engine
  docker save my-app:v1 | layerscope -     an archive on standard input
  layerscope build -t my-app .             build, and open the result"""


class StartScreen(LeftOnce[object]):
    """A list of what can be opened; ``open_reference`` is called with what the user wants to open.

    ``compare`` is called with two references to compare, ``show_releases`` with one; without them, there are no such
    keys.

    Engines and the folder are asked in threads of their own: what answers is shown immediately.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    StartScreen {
        layout: vertical; background: $background;
        StartList { padding: 0 1; }
        #nothing { display: none; height: 1fr; padding: 1 2; }
        &.-empty #nothing { display: block; }
        &.-empty StartList { display: none; }
        #start-detail { height: auto; min-height: 1; max-height: 6; padding: 0 1; color: $foreground 80%; }
    }
    """

    @dataclass
    class Listed(Message):
        """Somebody has answered; ``is_last`` unless there is more to come."""

        awaited: str
        rows: Sequence[StartRow]
        refusals: Sequence[str] = ()
        is_last: bool = True

    def __init__(
        self,
        open_reference: Callable[[str], None],
        compare: Callable[[str, str], None] | None = None,
        show_releases: Callable[[str], None] | None = None,
        title: str = "layerscope",
    ) -> None:
        super().__init__()
        self._open_reference = open_reference
        self._compare = compare
        self._show_releases = show_releases
        self._state = StartState()
        self._filter_line: FilterLine | None = None
        self.title_line = TitleLine(title)
        self.list = StartList()

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.list
        yield Static(_WHEN_EMPTY, id="nothing", markup=False)
        yield Static("", id="start-detail", markup=False)
        yield KeyLine(_TABLE)

    def on_mount(self) -> None:
        self.set_focus(self.list)
        self.refresh_bindings()
        self.action_refresh()

    def action_refresh(self) -> None:
        """Ask the engines and look into the folder again."""
        self._state.forget()
        self._state.awaited = {*Engine, _FOLDER}
        self._state.add(map(recent_row, services_of(self).preferences.recent))
        self._show()
        for engine in Engine:
            start_detached(partial(self._ask, engine))
        start_detached(self._look)

    def _ask(self, engine: Engine) -> None:
        """List an engine's containers, which is quick, and then its images."""
        rows, refusals = list[StartRow](), list[str]()
        try:
            containers = local_containers(engine)
            self.post_message(self.Listed(engine, list(map(container_row, containers.found)), is_last=False))
            images = local_images(engine)
            self.post_message(self.Listed(engine, list(map(image_row, images.found)), is_last=False))
            refusals += images.refusals
            # a second request for each image, which no other section waits for
            shared = sharing(layered_images(engine).found).layers if len(images.found) > 1 else []
            rows += (layer_row(each) for each in shared if len(each.images) > 1)
        except LayerscopeError as error:
            refusals.append(str(error))
        self.post_message(self.Listed(engine, rows, refusals))

    def _look(self) -> None:
        self.post_message(self.Listed(_FOLDER, list(map(archive_row, local_archives(Path())))))

    @on(Listed)
    def _on_listed(self, message: Listed) -> None:
        self._state.add(message.rows)
        self._state.refusals.update(dict.fromkeys(message.refusals, message.awaited))
        if message.is_last:
            self._state.awaited.discard(message.awaited)
        self._show()

    def _show(self) -> None:
        state = self._state
        self.list.show(state.lines())
        self.set_class(state.is_empty, "-empty")
        waiting = f"asking {', '.join(sorted(state.awaited))}{glyphs_of(self).ellipsis}" if state.awaited else ""
        counts = [plural(state.count(Section.IMAGES), "image"), plural(state.count(Section.CONTAINERS), "container")]
        folder = f"{state.count(Section.FOLDER):,} in this folder"
        self.title_line.show([Fact(text) for text in (*counts, folder, state.order.value, waiting)])
        self._show_detail()
        self.refresh_bindings()

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        """Show what Enter opens, and below it the engines that did not answer."""
        row, text = self.list.row, Text(overflow="fold")
        if row is not None:
            text.append(f"{printable_name(row.reference)}", "bold")
            text.append(f"  {printable_name(', '.join(row.names))}" if len(row.names) > 1 else "")
        elif self._state.query is not None:
            text.append("Nothing matches.", "italic")
        if self.list.marked is not None:
            text.append(f"\nm on another row compares it with {printable_name(self.list.marked.reference)}.", "italic")
        for refusal in self._state.refusals_to_show:
            text.append(f"\n{printable_line(refusal)}" if text else printable_line(refusal), "italic")
        self.query_exactly_one("#start-detail", Static).update(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # from Textual
        if action == "clear":
            return self._state.query is not None or self._is_filtering or not is_first(self)
        if (action == "mark" and self._compare is None) or (action == "releases" and self._show_releases is None):
            return False
        return action not in ("open", "mark", "releases") or (self.list.row is not None and not self._is_filtering)

    @property
    def _is_filtering(self) -> bool:
        return self._filter_line is not None and self._filter_line.bar.has_focus

    def action_filter(self) -> None:
        if self._filter_line is None:
            self._filter_line = FilterLine(lambda: self.set_focus(self.list))
            self.mount(self._filter_line, before="#start-detail")
        self._filter_line.display = True
        # Not by a message: the next key may follow immediately, and needs the new focus.
        self.set_focus(self._filter_line.bar)

    def on_input_changed(self, message: "FilterBar.Changed") -> None:
        """Filter by the text typed so far."""
        self._state.typed = message.value.strip()
        try:
            self._state.query = parse_query(message.value)
        except UsageError as error:
            self.query_exactly_one("#start-detail", Static).update(printable_line(str(error)))
            return
        self._show()

    def action_clear(self) -> None:
        """Clear the filter, or else go back to the screen that opened this one."""
        if self._state.query is None and not self._is_filtering:
            self.dismiss()
        if self._filter_line is not None:
            with self.prevent(self._filter_line.bar.Changed):
                self._filter_line.bar.clear()
            self._filter_line.display = False
        self.set_focus(self.list)
        self._state.query, self._state.typed = None, ""
        self._show()

    def action_section(self, step: int) -> None:
        self.set_focus(self.list)
        self.list.go_to_section(step)

    def action_sort(self) -> None:
        self._state.next_order()
        self._show()

    def action_copy(self) -> None:
        if self.list.row is not None:
            copy_text(self, self.list.row.reference)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(_TABLE))

    @on(StartList.Chosen)
    def action_open(self) -> None:
        if self.list.row is not None:
            self._open_reference(self.list.row.reference)

    def action_mark(self) -> None:
        """Mark the row under the cursor, or compare it with the marked one."""
        row, marked = self.list.row, self.list.marked
        if row is not None and marked is not None and self._compare is not None and row != marked:
            self._compare(marked.reference, row.reference)
        self.list.mark(row if marked is None else None)
        self._show_detail()

    def action_releases(self) -> None:
        row = self.list.row
        if row is None or self._show_releases is None:
            return
        if row.section is Section.IMAGES and not row.has_name:
            warn(self, "An image without a tag has no releases.")
        else:
            self._show_releases(row.reference)


class UndecidedRequest(NamedTuple):
    """The position of a request that fits several images, and these."""

    number: int
    images: UndecidedImage

    def close(self) -> None:
        self.images.close()


def start_app(cache: Cache | None = None) -> LayerscopeApp:
    """Return an application in which the user chooses among local images, containers and archives."""

    def open_request(request: ImageRequest) -> None:
        def open_it(progress: Progress) -> ImageSession | UndecidedImage:
            reference, image, platform, engine, _ = request
            return open_or_choose(reference, image, platform, progress, engine=engine, cache=cache, from_tables=True)

        app.push_screen(OpeningScreen(f"Opening {printable_name(request.reference)}", open_it), explore_opened)

    def explore_opened(opened: ImageSession | UndecidedImage | None) -> None:
        if opened is None:
            return
        resources = app.resources.enter_context(ExitStack())
        resources.enter_context(opened)
        app.images.append(opened)
        if isinstance(opened, UndecidedImage):
            app.push_screen(candidate_chooser(app, opened), lambda _: resources.close())
        else:
            push_explorer(app, opened, resources)

    def compare(old: ImageRequest, new: ImageRequest) -> None:
        compare_images(app, (old, new), partial(open_pair, cache), cache)

    def releases_of(reference: str) -> None:
        from layerscope.tui.images.releases import show_releases  # noqa: PLC0415  # 100 ms: urllib3

        show_releases(app, reference, cache, open_request, compare)

    app = LayerscopeApp(
        lambda: StartScreen(
            lambda reference: open_request(ImageRequest(reference)),
            lambda old, new: compare(ImageRequest(old), ImageRequest(new)),
            releases_of,
        )
    )
    return app


def compare_images(
    app: App[Any],
    requests: Sequence[ImageRequest],
    open_pair_of: Callable[[Sequence[ImageRequest], Progress], OpenedPair],
    cache: Cache | None,
) -> None:
    """Open images in the background, and compare them; where a request fits several, the user chooses one first."""

    def open_them(progress: Progress) -> OpenedPair | UndecidedRequest:
        try:
            return open_pair_of(requests, progress)
        except AmbiguousImage:
            return UndecidedRequest(*first_undecided(requests, progress, cache))

    def show(opened: OpenedPair | UndecidedRequest | None) -> None:
        if isinstance(opened, OpenedPair):
            push_comparison(app, opened)
        elif opened is not None:
            choose(*opened)

    def choose(number: int, undecided: UndecidedImage) -> None:
        def take(choice: Candidate) -> None:
            chooser.dismiss()
            decided = [*requests]
            decided[number] = request_of(decided[number], choice)
            compare_images(app, decided, open_pair_of, cache)

        chooser = ChooserScreen(undecided.reference, undecided.choices, take)
        app.push_screen(chooser, lambda _: undecided.close())

    names = ", ".join(request.reference for request in requests)
    app.push_screen(OpeningScreen(f"Opening {printable_name(names)}", open_them), show)


def push_other_image(app: App[Any], old: LoadedImage, cache: Cache | None) -> None:
    """Let the user choose an image to compare a loaded one with."""

    def compare(reference: str) -> None:
        compare_images(app, [ImageRequest(reference)], partial(open_other, old, cache), cache)

    app.push_screen(StartScreen(compare, title=f"Compare {excerpt(old.image.name)} with"))


def explore_local(cache: Cache) -> None:
    """Let the user choose what to open, until the user quits."""
    run_app(start_app(cache))
