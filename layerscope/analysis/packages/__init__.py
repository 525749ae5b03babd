"""Which packages an image holds, by its package databases, and what each weighs."""
