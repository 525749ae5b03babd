"""The cache: its folder, and the images that records were kept for."""
