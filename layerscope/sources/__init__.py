"""The origins of images: archives, folders, engines."""
