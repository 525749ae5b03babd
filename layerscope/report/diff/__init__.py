"""A comparison of two layers or two images, as a document, tables, a patch or a summary."""
