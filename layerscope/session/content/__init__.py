"""Passes over the content of many files: first bytes, digests, equality."""
