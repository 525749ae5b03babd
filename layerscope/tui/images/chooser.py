"""The choice between several images or platforms of one source."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.getters import query_one
from textual.widgets import Static

from layerscope.errors import LayerscopeError
from layerscope.model.candidate import Candidate
from layerscope.session.open import UndecidedImage
from layerscope.text import human_size, printable_name, short_name
from layerscope.tui.app import LayerscopeApp, push_explorer, run_app
from layerscope.tui.dialogs.help import HelpScreen
from layerscope.tui.keys.order import LeftOnce, is_first
from layerscope.tui.keys.table import HELP, QUIT, Key, KeyGroup, bindings
from layerscope.tui.services import warn
from layerscope.tui.widgets.key_line import KeyLine
from layerscope.tui.widgets.line_list import LineList
from layerscope.tui.widgets.row_table import RowTable, TableColumn, TableRow

_COLUMNS = (
    TableColumn("platform", width=18),
    TableColumn("size", right=True, width=8),
    TableColumn("created", width=10),
    TableColumn("image"),
)

_KEYS = (
    HELP,
    Key("enter", "choose", "open", "Open the image under the cursor", id="chooser.open", rank=10),
    Key("escape", "back", "back", "Go back to where you were", id="chooser.back", rank=20),
    QUIT.at(30),
)
_TABLE = (KeyGroup("Images and platforms", _KEYS), KeyGroup("In any list", LineList.KEYS))

_DATE = len("2026-11-25")
_SHORT_DIGEST = 12


class ChoiceRows:
    """The rows of the choices. An image's documents are read when its row is drawn: an index may list a thousand."""

    def __init__(self, choices: Sequence[Candidate]) -> None:
        self._choices = choices
        self._rows: dict[int, TableRow] = {}

    def __len__(self) -> int:
        return len(self._choices)

    def __getitem__(self, index: int) -> TableRow:
        if index not in self._rows:
            self._rows[index] = _row(self._choices[index])
        return self._rows[index]


def _row(choice: Candidate) -> TableRow:
    platform, size, created, problem = str(choice.platform or ""), "?", "", choice.problem
    try:
        image = choice.build()
    except LayerscopeError as error:
        problem = problem or str(error)
    else:
        platform = platform or str(image.platform)
        size, created = human_size(image.blob_size), short_name((image.config.created or "")[:_DATE])
    digest = str(choice.digest or choice.config_digest or "")
    short_digest = digest.partition(":")[2][:_SHORT_DIGEST]
    name = choice.tag_list or short_digest or "(no tag)"
    detail = "  ".join(filter(None, (choice.tag_list, digest, problem)))
    return TableRow((short_name(platform), size, created, f"{name}  {problem}".rstrip()), subject=choice, detail=detail)


class ChooserScreen(LeftOnce[object]):
    """A list of images, the ``current`` one under the cursor; ``choose`` is called with the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    DEFAULT_CSS = """
    ChooserScreen {
        background: $background;
        align: center middle;
        #choices { width: 110; max-width: 100%; height: auto; max-height: 100%; border: $frame $primary; padding: 0 1; }
        #choices #titles { height: 1; color: $foreground 60%; }
        #choices RowTable { height: auto; max-height: 30; }
        #choices #detail { height: auto; min-height: 1; max-height: 4; margin-top: 1; color: $foreground 80%; }
    }
    """

    table = query_one(RowTable)

    def __init__(
        self,
        reference: str,
        choices: Sequence[Candidate],
        choose: Callable[[Candidate], None],
        current: int | None = None,
    ) -> None:
        super().__init__()
        self._reference = reference
        self._choices = choices
        self._choose = choose
        self._current = current or 0

    def compose(self) -> ComposeResult:
        table = Static("", id="titles", markup=False), RowTable(), Static("", id="detail", markup=False)
        panel = Vertical(*table, id="choices")
        panel.border_title = Text(f"{printable_name(self._reference)} holds {len(self._choices):,} images").markup
        yield panel
        yield KeyLine(_TABLE)

    def on_mount(self) -> None:
        self.table.show(_COLUMNS, ChoiceRows(self._choices), self._current)
        self.query_one("#titles", Static).update(self.table.titles())
        self.set_focus(self.table)
        self._show_detail()
        self.refresh_bindings()

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        row = self.table.row
        self.query_one("#detail", Static).update(Text(row.detail if row else "", overflow="fold"))

    @on(RowTable.Chosen)
    def action_choose(self) -> None:
        """Open the chosen image."""
        self._choose(self._choices[self.table.cursor])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # from Textual
        return action != "back" or not is_first(self)

    def action_back(self) -> None:
        """Go back to the screen that opened this one; on the first screen, Esc never quits."""
        self.dismiss()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(_TABLE))


def candidate_chooser(app: LayerscopeApp, undecided: UndecidedImage) -> ChooserScreen:
    """Return the screen on which the user chooses one of several images, and that shows it then."""

    def explore_candidate(candidate: Candidate) -> None:
        try:
            session = undecided.choose(candidate)
        except LayerscopeError as error:
            warn(app.screen, str(error))
            return
        # The first screen is not on the stack of screens, so it cannot be replaced there.
        push_explorer(app, session, app.resources.enter_context(ExitStack()))

    return ChooserScreen(undecided.reference, undecided.choices, explore_candidate)


def chooser_app(undecided: UndecidedImage) -> LayerscopeApp:
    """Return an application in which the user chooses an image, and that shows it then."""
    app = LayerscopeApp(lambda: candidate_chooser(app, undecided))
    app.images.append(undecided)
    return app


def explore_choice(undecided: UndecidedImage) -> None:
    """Let the user choose one of several images, and show it."""
    run_app(chooser_app(undecided))
