"""The report as one HTML page, Markdown or CSV."""
