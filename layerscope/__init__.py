"""layerscope opens a container image and shows it layer by layer."""

__version__ = "0.1.0"
