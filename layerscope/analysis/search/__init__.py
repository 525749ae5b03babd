"""Patterns that users and rules look for among the paths of an image."""
