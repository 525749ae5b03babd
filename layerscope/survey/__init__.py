"""A survey of many images: each distinct layer is read once, and the answers are tables in a Parquet data set."""
