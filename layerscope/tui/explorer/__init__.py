"""The first screen: the layers of an image and the files after each of them."""
