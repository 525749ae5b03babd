"""Generic widgets that know nothing about images."""
