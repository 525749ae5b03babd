"""The reports of checks of an image against its documents."""
