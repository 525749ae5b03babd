"""Keys: tables, order, palette commands; and the signals that end the program."""
