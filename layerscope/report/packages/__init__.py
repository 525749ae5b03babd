"""The packages of an image, and what each layer did to them."""
