"""Surveys of many images."""
