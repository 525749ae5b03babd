"""The file tree: its pane, rows, folds and filter."""
