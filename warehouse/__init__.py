"""The warehouse remembers: the only door to stored data."""
