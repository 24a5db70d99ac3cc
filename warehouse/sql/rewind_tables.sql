-- Names of the event tables of the attached history.
SELECT table_name FROM duckdb_tables()
WHERE database_name = 'history' AND starts_with(table_name, 'events_')
ORDER BY table_name
