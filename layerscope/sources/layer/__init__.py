"""The content of one layer: its entries, and its bytes at any offset."""
