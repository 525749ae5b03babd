"""Images and builds of the local container engines."""
