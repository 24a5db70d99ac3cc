-- Let in the rows of one table that were written at moments in ($after, $through]. Composed in: the table and its column
-- of time.
INSERT INTO {table} BY NAME
SELECT * FROM history.{table} WHERE {column} > $after AND {column} <= $through
