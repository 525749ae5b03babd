"""Where the bytes of an image are: layers, directories, dead bytes, duplicates."""
