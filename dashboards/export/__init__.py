"""The board as files: every page that it serves, with links that work in a folder, and a manifest of what is in it."""
