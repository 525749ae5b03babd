"""The screen that compares two revisions of a file."""
