"""Pure rules about what an image means: the merged tree, changes, dead bytes, advice. No I/O, no screen."""
