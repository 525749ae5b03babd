"""What kind of file it is, by its first bytes and by its path."""
