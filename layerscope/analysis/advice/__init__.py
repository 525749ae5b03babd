"""Rules that each look for one kind of waste or risk and say what to change in the Dockerfile."""
