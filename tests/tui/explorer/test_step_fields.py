"""The details of a step."""

from layerscope.model.image import Step
from layerscope.session.reading.stack import LayerStack
from layerscope.tui.explorer.step_fields import step_fields


def test_a_heredoc_is_shown_with_its_line_breaks_and_without_control_characters() -> None:
    fields = step_fields(Step("RUN cat <<EOF\n  one\n\x1b[2J\nEOF"), None, LayerStack().tallies())
    assert fields[0] == ("Step", "RUN cat <<EOF\n  one\n\\x1b[2J\nEOF")
