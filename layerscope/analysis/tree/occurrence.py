"""Rows of occurrences that are no row of a layer's table.

Apart from the path index, which takes 5 ms to import and which a list of layers does not need.
"""

GONE = -1
"""The row of an occurrence that hid the path."""

IMPLIED = -2
"""The row of an occurrence that is a directory without an entry of its own."""
