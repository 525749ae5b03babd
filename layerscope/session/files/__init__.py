"""One file of an image: its revisions, and its bytes in pages or lines."""
