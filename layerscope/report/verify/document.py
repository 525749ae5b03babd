"""The ``verify`` document: each check of an image's documents and blobs."""

from typing import TextIO

from layerscope.report.json_document import Document, write_document
from layerscope.session.verifying import Check, Verification


class VerifyDocument(Document, kw_only=True):
    """The whole document; ``result`` is wrong if a check is, else unknown if one is."""

    result: str
    checks: list[Check]


def write_verify_document(verification: Verification, file: TextIO) -> None:
    """Write the document."""
    document = VerifyDocument(result=verification.result.value, checks=list(verification.checks))
    write_document(document, file)
