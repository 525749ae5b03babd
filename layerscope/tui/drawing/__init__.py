"""Glyphs, themes, cells and styles: how things are drawn, whatever they are."""
