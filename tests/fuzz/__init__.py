"""A structure-aware fuzzer of the command line; see README.md."""
