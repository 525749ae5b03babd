"""The images of the local engines."""
