"""The file tree of an image."""
