from collections.abc import Iterator

import pytest

from layerscope.sources import magic

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Let each test look for the library anew."""
    magic._detector.cache_clear()
    yield
    magic._detector.cache_clear()


def test_libmagic_detects_a_mime_type_from_the_first_bytes() -> None:
    assert magic.mime_type(PNG) == "image/png"


def test_libmagic_describes_a_file_by_its_first_bytes() -> None:
    found = magic.description(PNG)
    assert found is not None
    assert "PNG" in found


def test_without_libmagic_there_is_no_mime_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(magic, "import_module", missing)
    assert magic.mime_type(PNG) is None
    assert magic.description(PNG) is None
