"""One opened image and what is asked of it: reading, stacking, remembering. No screen, no printing."""
