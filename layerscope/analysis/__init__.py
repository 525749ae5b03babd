"""What an image means: the merged tree, changes, dead bytes, visible rows. Pure: no files, no printing, no screen."""
