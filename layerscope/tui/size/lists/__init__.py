"""The lists of the size view."""
