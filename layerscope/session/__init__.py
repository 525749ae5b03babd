"""One opened image: its source, its layers once read, the bytes of its files. No screen, no printing."""
