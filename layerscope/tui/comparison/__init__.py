"""The screens that compare two layers or two images."""
