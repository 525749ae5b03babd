"""Registries: the OCI distribution API."""
