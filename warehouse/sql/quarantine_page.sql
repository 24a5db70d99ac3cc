-- Rows that were not let in, newest batch first, in file order within it. Grain: one row. $source, $reason: NULL for
-- all; $limit, $offset: which part. The text is cut at $most characters.
SELECT source, batch, file, position, reason, detail, left(raw, $most) AS raw, raw_bytes FROM quarantine
WHERE ($source::VARCHAR IS NULL OR source = $source) AND ($reason::VARCHAR IS NULL OR reason = $reason)
ORDER BY batch DESC, position LIMIT $limit OFFSET $offset
