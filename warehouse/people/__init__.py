"""People's records in SQLite: the decision log, the outbox, published standings.

Import its modules, never names from here: this package itself loads nothing heavy.
"""
