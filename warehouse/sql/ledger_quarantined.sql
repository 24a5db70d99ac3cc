-- Rows that were not let in, newest batch first, in file order within it.
-- Grain: one row. $source: NULL for all; $limit: how many at most.
SELECT source, batch, file, position, reason, detail, raw, raw_bytes FROM quarantine
WHERE $source::VARCHAR IS NULL OR source = $source
ORDER BY batch DESC, position LIMIT $limit
