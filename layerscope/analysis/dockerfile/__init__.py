"""A Dockerfile: its lines, and what each of them made of an image."""
