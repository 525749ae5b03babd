"""Where images come from: archives, folders, engines."""
