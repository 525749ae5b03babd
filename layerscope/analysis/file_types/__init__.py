"""The type of a file, by its path and by its first bytes."""
