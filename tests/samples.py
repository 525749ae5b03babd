"""The folder of sample images."""

from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "sample_images"
