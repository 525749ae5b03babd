"""Containers: an image with the writable layer on top, from the engine's store or through its API."""
