"""Keys in the order they are typed, as commands, and signals that end the program."""
