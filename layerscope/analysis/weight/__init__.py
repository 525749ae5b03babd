"""What makes an image large: live and dead bytes, duplicates, directories."""
