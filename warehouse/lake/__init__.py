"""The lake: events of every stream as Parquet under DuckLake, with the catalog in PostgreSQL.

The embedded file stays the place where rows are let in: rows, quarantine, ledger and cursor need one transaction, and
one transaction of DuckDB can write to one database. The lake is brought up to the ledger after each run, batch by
batch and exactly once, for workers on other machines and for other engines. What the embedded file forgets, the lake
forgets too.
"""
