"""Numbered migrations of the embedded store, applied once each and in order."""
