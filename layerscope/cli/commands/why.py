"""``layerscope why``: show what made the image large, and what to change."""

import sys
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from layerscope.analysis.dockerfile.patching import patch_of
from layerscope.analysis.dockerfile.placed import PlacedDockerfile
from layerscope.analysis.size.base_image import BaseImage
from layerscope.cli.answering import print_answer
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import warn, warn_of_attestations
from layerscope.cli.options import AsJson, Base, DockerfileName, RowLimit
from layerscope.cli.streams import narrate
from layerscope.report.json_document import Limit
from layerscope.report.why import write_why_document
from layerscope.session.dockerfile.lines import dockerfile_of, known_dockerfile
from layerscope.session.image_session import ImageSession
from layerscope.session.size.base_image import chosen_base
from layerscope.text import short_name

if TYPE_CHECKING:
    from layerscope.session.size.analysis import SizeAnalysis

EXAMPLES = """\b
Examples:
  layerscope why my-app.tar
  layerscope why my-app.tar --base debian:13            the base image's part, set apart
  layerscope why my-app.tar --all | grep /var/cache     every dead file
  layerscope why my-app.tar --patch -f Dockerfile | git apply
  layerscope why my-app:v1 --json | jq '.advice[] | [.saves, .layer, .text]'"""

AsPatch = Annotated[bool, typer.Option("--patch", help="One patch of the Dockerfile, for git apply.")]
All = Annotated[bool, typer.Option("--all", help="Every dead file, duplicate and path, not only the largest.")]
Packages = Annotated[bool, typer.Option("--packages", help="All packages, and what each layer did to them.")]


@image_command
def why(
    named: NamedImage,
    *,
    base: Base = None,
    file: DockerfileName = None,
    show_all: All = False,
    packages: Packages = False,
    as_patch: AsPatch = False,
    limit: RowLimit = None,
    as_json: AsJson = False,
) -> None:
    """Show which layer made the image large, which bytes are dead and why, and what to change."""
    with named.opened() as session:
        chosen = chosen_base(session.image, base)
        if as_patch:
            _print_patch(session, chosen, dockerfile_of(session.image, file, build=session.build))
            return
        placed = known_dockerfile(session.image, file, session.build)

        def write(output: TextIO) -> None:
            analysis = _analysis(session, chosen, placed)
            if as_json:
                write_why_document(analysis, output, all_packages=packages, limit=Limit(limit))
                return
            from layerscope.report.why_tables import write_why_tables  # noqa: PLC0415  # 8 ms

            write_why_tables(analysis, output, show_all=show_all, all_packages=packages, limit=limit)

        shown = placed and (placed.path, placed.dockerfile.lines, sorted(placed.layers.items()))
        stated = session.image.attestations, shown
        print_answer([session], ("why", chosen, show_all, packages, limit, as_json, stated), write)
        warn(session.image, session.tallies)
        warn_of_attestations(session.image)


def _analysis(session: ImageSession, base: BaseImage | None, placed: PlacedDockerfile | None = None) -> "SizeAnalysis":
    # 30 ms, and an earlier run may have done the analysis
    from layerscope.session.size.analysis import size_analysis  # noqa: PLC0415

    return size_analysis(session, base, placed)


def _print_patch(session: ImageSession, base: BaseImage | None, placed: PlacedDockerfile) -> None:
    """Print the patch for all advice that can be applied."""
    from layerscope.session.dockerfile.left_out import ignore_patch  # noqa: PLC0415  # 3 ms, and only for a patch

    report, run = _analysis(session, base).report, session.image.config.config
    patch = patch_of(placed, [each.edits for each in report.advice])
    patch += ignore_patch(placed, report, (run and run.working_dir) or "/")
    if not patch:
        narrate("layerscope: no advice can be given as a patch of this Dockerfile")
    elif placed.is_outside:
        narrate(f"layerscope: {short_name(placed.path)} is outside this folder: git apply needs --unsafe-paths")
    sys.stdout.write(patch)
