-- Close the rows that batches in ($after, $through] superseded, of those that are in already. A row is
-- told by batch and position. Composed in: the event table (a checked name).
UPDATE {table} AS mine
SET closed_by = theirs.closed_by
FROM history.{table} AS theirs
WHERE theirs.closed_by > $after::BIGINT AND theirs.closed_by <= $through::BIGINT
  AND mine.batch = theirs.batch AND mine.position = theirs.position
