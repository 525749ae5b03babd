"""Everything the command line prints: JSON documents for programs, tables and text for people."""
