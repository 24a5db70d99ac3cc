"""Real streams with known changes: our gates beside the defaults of drift tools, on the same windows."""
