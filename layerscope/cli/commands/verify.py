"""``layerscope verify``: check every digest, diff_id, size and count of an image."""

import sys

from layerscope.cli.errors import ExitStatus
from layerscope.cli.image_command import NamedImage, image_command
from layerscope.cli.opening import progress_title, say_left_out
from layerscope.cli.options import AsJson, RowLimit
from layerscope.cli.progress import ReadingProgress
from layerscope.cli.streams import output_may_be_cut
from layerscope.errors import DigestMismatch
from layerscope.report.json_document import Limit
from layerscope.report.verify import write_verify_document, write_verify_table
from layerscope.session.open import open_to_verify
from layerscope.session.verifying import Result, Verification, check_image, contradicted
from layerscope.text import printable_name

EXAMPLES = """\b
Examples:
  layerscope verify my-app.tar
  layerscope verify registry://HOST/my-app    fetch all layers, and check them
  layerscope verify my-app:v1 --json | jq .result

Status 0: all is right; 1: something is wrong; 2: it cannot be told."""

_STATUSES = {Result.RIGHT: ExitStatus.SUCCESS, Result.WRONG: ExitStatus.FINDINGS, Result.UNKNOWN: ExitStatus.ERROR}


@image_command
def verify(named: NamedImage, *, limit: RowLimit = None, as_json: AsJson = False) -> int:
    """Compute every digest, diff_id, size and count again: status 0 right, 1 wrong, 2 if it cannot be told."""
    verification, rows = _verified(named), Limit(limit)
    # the status counts even if the reader of the output closes the pipe
    with output_may_be_cut():
        (write_verify_document if as_json else write_verify_table)(verification, sys.stdout, rows)
        say_left_out(rows)
    return _STATUSES[verification.result]


def _verified(named: NamedImage) -> Verification:
    reference = named.request.reference
    try:
        with ReadingProgress(progress_title(reference)) as progress:
            session = open_to_verify(named.request, progress)
        with session, ReadingProgress(f"checking {printable_name(reference)}") as progress:
            return check_image(session, progress)
    except DigestMismatch as error:
        return contradicted(reference, error)
