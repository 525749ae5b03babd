"""The output of the commands: JSON documents for programs, tables and text for people."""
