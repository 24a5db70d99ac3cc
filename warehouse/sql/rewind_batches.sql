-- Let in the rows of one table that came with batches in ($after, $through]. Composed in: the table, which has the same
-- columns here and in the attached history.
INSERT INTO {table} BY NAME
SELECT * FROM history.{table} WHERE batch > $after::BIGINT AND batch <= $through::BIGINT
