"""Comparisons of two layers or two images, including the bytes of their files if nothing else differs."""
