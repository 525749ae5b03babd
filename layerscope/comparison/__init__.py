"""Two layers or two images compared, with the bytes of their files where only these can tell."""
