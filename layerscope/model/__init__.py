"""What an image is: the documents of the OCI image-spec, layers, steps, and the entries that a layer holds."""
