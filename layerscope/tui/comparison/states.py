"""The two states that a comparison screen compares: two layers or two images."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Protocol

from layerscope.comparison.compare import Comparison
from layerscope.session.loaded_image import LoadedImage
from layerscope.session.reading.background import BackgroundLoader
from layerscope.tui.keys.table import KeyGroup
from layerscope.tui.widgets.field_list import Field
from layerscope.tui.widgets.step_list import StepList


class ComparedStates(Protocol):
    """Everything in which the comparison of two layers differs from that of two images."""

    @property
    def keys(self) -> tuple[KeyGroup, ...]:
        """The key table."""
        ...

    @property
    def readers(self) -> Sequence[BackgroundLoader]:
        """The readers of the layers, if these have not been read yet."""
        ...

    @property
    def step_list(self) -> StepList:
        """The list of steps, in which the user chooses what to compare."""
        ...

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """The actions that only this kind of comparison has, by name; each changes `wanted`."""
        ...

    def take_trees(self, trees: Sequence[LoadedImage]) -> None:
        """Take the trees that the readers have read."""
        ...

    def show_steps(self) -> None:
        """Show the steps in the list."""
        ...

    def choose(self, item: int) -> None:
        """Compare at another item of the list."""
        ...

    def wanted(self) -> Hashable:
        """Return a key of the comparison to show, or None until the layers have been read."""
        ...

    def comparison(self) -> Comparison:
        """Return the comparison to show; nothing of it is computed yet."""
        ...

    def sides(self) -> tuple[str, str]:
        """Return the names of the old and the new state."""
        ...

    def headlines(self) -> Sequence[str]:
        """Return the names of the states with their sizes, then shorter forms of that."""
        ...

    def facts(self) -> list[str]:
        """Return what the title line says beside the headline and the differences."""
        ...

    def fields(self) -> Sequence[list[Field]]:
        """Return the details of the chosen step, then shorter forms of them."""
        ...

    def compute_details(self) -> bool:
        """Compute details that take longer than the comparison; return whether there are any. Called in a thread."""
        ...
