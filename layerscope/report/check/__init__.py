"""The outcome of the rules for CI, in every output format."""
