"""What a text file holds: its encoding, lines and rows, what is found in it, and how two of them differ."""
