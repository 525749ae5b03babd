"""The paths that are found in all layers."""
