"""Measure the time until the layers of `layerscope IMAGE` are on the screen, against starting an empty Textual app.

    python tests/benchmarks/first_paint.py large.tar

Run it with the Python of an environment with layerscope installed, not editable, and without PYTHONDONTWRITEBYTECODE,
or compilation is measured too. The list counts as painted when the instruction of the last layer appears.
"""

import argparse
import re
import sys
from pathlib import Path

from pairs import in_pairs, print_pairs
from terminal import Terminal

from layerscope.session.open import open_image

EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("nothing to see")
Empty().run()
"""


def until_shown(command: list[str], text: str) -> float:
    """Return the seconds from the start of a program until the text appears."""
    with Terminal(command) as terminal:
        return terminal.shows(re.escape(text)) - terminal.started


def last_instruction(image: str) -> str:
    """Return the start of the last layer's instruction, short enough to be shown whole."""
    with open_image(image) as session:
        number = len(session.image.layers)
        return (session.image.step(number).instruction or "")[:12].strip()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--pairs", type=int, default=9)
    options = parser.parse_args()
    wanted = last_instruction(options.image)
    layerscope = [str(Path(sys.executable).with_name("layerscope")), options.image]
    empty = [sys.executable, "-c", EMPTY_APP]
    pairs = in_pairs(
        lambda: until_shown(layerscope, wanted), lambda: until_shown(empty, "nothing to see"), options.pairs
    )
    print_pairs(pairs, "layerscope", "empty app")


if __name__ == "__main__":
    main()
