"""Container engines: where they listen, their images, their builds."""
