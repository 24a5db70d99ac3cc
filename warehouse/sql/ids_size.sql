-- How many rows the event table has, and the file of the database; NULL where it has none.
-- Grain: one line. Composed in: the event table.
SELECT (SELECT count(*) FROM {events}),
       (SELECT path FROM duckdb_databases() WHERE database_name = current_database())
