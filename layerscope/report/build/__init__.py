"""The report on a build, as lines and as a document."""
