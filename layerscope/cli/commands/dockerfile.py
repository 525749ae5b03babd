"""``layerscope dockerfile``: show the Dockerfile with the cost of its lines."""

from typing import Annotated, TextIO

import typer

from layerscope.cli.answering import print_answer
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import warn, warn_of_attestations
from layerscope.cli.options import AsJson, Base, DockerfileName, RowLimit
from layerscope.report.dockerfile import write_dockerfile_document, write_dockerfile_table
from layerscope.report.json_document import Limit
from layerscope.session.dockerfile.lines import cache_state_of, dockerfile_of, shown_dockerfile
from layerscope.session.size.analysis import size_analysis
from layerscope.session.size.base_image import chosen_base

EXAMPLES = """\b
Examples:
  layerscope dockerfile my-app:v1                     from the provenance, else from the history
  layerscope dockerfile my-app:v1 --base debian:13    from the history, on that base
  layerscope dockerfile my-app.tar -f Dockerfile      aligned with the history of the image
  layerscope dockerfile my-app.tar -f Dockerfile --target release
  layerscope dockerfile my-app:v1 --json | jq '.lines[] | select(.dead_size > 0) | [.line, .text]'"""

Target = Annotated[
    str | None, typer.Option("--target", metavar="STAGE", help="The stage that was built; by default the last.")
]


@image_command
def dockerfile(
    named: NamedImage,
    *,
    file: DockerfileName = None,
    target: Target = None,
    base: Base = None,
    limit: RowLimit = None,
    as_json: AsJson = False,
) -> None:
    """Show the Dockerfile with the cost of each line: layers, content size, dead bytes, and what advice would save."""
    with named.opened() as session:
        chosen = chosen_base(session.image, base)
        if file is None and target is None:
            placed = shown_dockerfile(session.image, chosen, session.build)
        else:
            placed = dockerfile_of(session.image, file, target, build=session.build)
        cache, rows = cache_state_of(session.image, placed, session.build), Limit(limit)

        write = write_dockerfile_document if as_json else write_dockerfile_table

        def answer(output: TextIO) -> None:
            write(placed, size_analysis(session, chosen, placed), cache, output, rows)

        shown = (placed.path, placed.placed_by, placed.dockerfile.lines, sorted(placed.layers.items()))
        known = (session.image.attestations, sorted(cache.cached.items()), cache.miss)
        print_answer([session], ("dockerfile", chosen, as_json, shown, known), answer, rows)
        warn(session.image, session.tallies)
        warn_of_attestations(session.image)
