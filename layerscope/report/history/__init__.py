"""The history of one path."""
