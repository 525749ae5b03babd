"""An open image: its source, its layers, the content of its files. Nothing here prints or draws."""
