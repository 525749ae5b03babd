"""The explorer: the only place that knows Textual."""
