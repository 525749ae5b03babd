"""A Dockerfile with the cost of its lines, as a table and as a document."""
