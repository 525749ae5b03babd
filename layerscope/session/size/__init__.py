"""The size analysis of a loaded image."""
