"""Advice: what to change in the Dockerfile, and the secrets that it ships."""
