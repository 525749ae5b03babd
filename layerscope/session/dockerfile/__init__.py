"""The Dockerfile of an image: the cost of its lines, its last build, and plans to change it."""
