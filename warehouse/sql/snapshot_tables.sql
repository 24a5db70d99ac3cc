-- Grain: one column of one table of the open warehouse, in order.
SELECT c.table_name, c.column_name, c.data_type
FROM duckdb_columns() AS c
JOIN duckdb_tables() AS t ON t.table_oid = c.table_oid AND t.database_oid = c.database_oid
WHERE t.database_name = current_database() AND t.schema_name = 'main' AND NOT t.temporary AND NOT t.internal
ORDER BY c.table_name, c.column_index
