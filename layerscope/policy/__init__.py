"""Rules for CI: rules files, the checks, and their results."""
