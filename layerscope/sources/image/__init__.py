"""Archives and folders that hold images: their formats, their documents, and the choice of one image."""
