"""The choice of an image."""
