"""Byte streams: compression, spans of files, temporary copies."""
