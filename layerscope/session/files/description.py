"""A description of a file: libmagic's, or ours if it is better or libmagic is missing."""

from layerscope.analysis.file_types.description import describe
from layerscope.analysis.file_types.elf import elf_words
from layerscope.sources.magic import description


def file_words(head: bytes, path: bytes, size: int) -> str | None:
    """Return a description of a file by its first bytes; the first call loads libmagic, which takes 50 ms.

    For an ELF file, ours says more: libmagic needs more than the first bytes.
    """
    return elf_words(head) or (description(head) if head else None) or describe(head, path, size)
