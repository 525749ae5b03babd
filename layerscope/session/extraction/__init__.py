"""Takes files out of an image: all that is asked for, or nothing, and never outside the target folder."""
