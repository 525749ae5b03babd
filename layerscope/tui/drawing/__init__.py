"""Glyphs, themes, cells and styles: how things of any kind are drawn."""
