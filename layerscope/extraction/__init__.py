"""Extraction of files from an image, confined to a target folder."""
