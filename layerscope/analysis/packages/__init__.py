"""The packages that an image holds, read from its package databases, and their sizes."""
