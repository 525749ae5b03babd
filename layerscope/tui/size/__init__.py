"""The screen that shows why an image is large."""
