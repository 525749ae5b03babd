"""What to call a file: in libmagic's words where it is there, and in ours where these are better, or all there is."""

from layerscope.analysis.file_types.description import describe
from layerscope.analysis.file_types.elf import elf_words
from layerscope.sources.magic import description


def file_words(head: bytes, path: bytes, size: int) -> str | None:
    """Return what a file is by its first bytes; the first call may take a moment, to load libmagic.

    Of an ELF file, libmagic has less to say where it is given no more than the head.
    """
    return elf_words(head) or (description(head) if head else None) or describe(head, path, size)
