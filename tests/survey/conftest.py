from pathlib import Path

import pytest

from tests.builders import file, image, layer, oci_layout, whiteout


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Return a layout with three releases on one base; the last one hides a file of the layer before."""
    base, old, new = (
        layer(file("etc/base", b"b" * 1000)),
        layer(file("app", b"1" * 500)),
        layer(file("app", b"2" * 600)),
    )
    history = [{"created_by": "ADD rootfs.tar /"}, {"created_by": "COPY app /"}]
    clean = {"created_by": "RUN rm /app"}
    return oci_layout(
        tmp_path / "releases",
        image(base, old, tags=["1"], history=history, created="2026-01-01T00:00:00Z"),
        image(base, new, tags=["2"], history=history, created="2026-02-01T00:00:00Z"),
        image(base, new, layer(whiteout("app")), tags=["3"], history=[*history, clean], created="2026-03-01T00:00:00Z"),
    )
