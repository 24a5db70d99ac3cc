-- One row: the value of one slice column in any of some rows, or whether any row has a value. Composed in: column, rows.
SELECT (SELECT {column} FROM {rows} LIMIT 1), EXISTS (SELECT 1 FROM {rows} AND {column} IS NOT NULL LIMIT 1)
