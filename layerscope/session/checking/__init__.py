"""Rules for CI: what is allowed of an image, read from a file, and whether the image keeps to it."""
