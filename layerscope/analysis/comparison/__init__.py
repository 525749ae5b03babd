"""The differences between two states of an image, or between two images."""
