"""Text files: encoding, lines, search and line differences."""
