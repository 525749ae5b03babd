"""What to change in the Dockerfile: rules that each look for one kind of waste or risk, and say what they saw."""
