"""The bytes of one file."""
