"""The data model of an image: OCI documents, layers, steps, and the entries of a layer."""
