"""The layers of an image."""
