"""Why an image is large: sizes, dead bytes, duplicates, advice."""
