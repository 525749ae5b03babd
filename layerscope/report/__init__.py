"""What the command line prints: JSON documents for programs, tables and lines for people."""
