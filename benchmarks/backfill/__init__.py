"""A year computed again by one, two and four readers: the same tables, and how much faster."""
