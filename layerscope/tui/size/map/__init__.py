"""The map of the size view: folders in folders, each with an area proportional to its bytes."""
