"""Rules for CI: where they come from, what they check, and their outcome."""
