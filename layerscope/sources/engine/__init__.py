"""Container engines: their addresses, images and builds."""
