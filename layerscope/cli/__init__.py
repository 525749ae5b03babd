"""The command line: options, commands, errors, exit statuses."""
