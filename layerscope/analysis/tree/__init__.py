"""The layers of an image stacked into one tree, and the state of every path after each layer."""
