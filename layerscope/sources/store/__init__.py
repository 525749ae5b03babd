"""Layers in the stores of engines, read where they lie. Nothing is locked, nothing is written."""
