"""The images of `sample_images/`."""

from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "sample_images"
