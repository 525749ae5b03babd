"""The Dockerfile view: its lines, and beside each one what it costs."""
