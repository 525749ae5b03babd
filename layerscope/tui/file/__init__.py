"""The screen that shows one file: text, bytes, revisions, actions."""
