"""Patterns that select paths of an image."""
