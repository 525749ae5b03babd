"""The explorer: the only package that uses Textual."""
