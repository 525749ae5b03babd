"""The sizes of an image: layers, directories, dead bytes, duplicates."""
