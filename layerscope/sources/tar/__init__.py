"""The walk over the headers of a tar."""
