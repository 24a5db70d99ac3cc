-- Rows kept out by batches that arrived since $since (UTC) into the snapshot, newest first, at most $most; the text of
-- the row only if $text.
INSERT INTO published.quarantine
SELECT q.* REPLACE (CASE WHEN $text THEN q.raw ELSE '' END AS raw)
FROM quarantine AS q JOIN batches AS b USING (batch)
WHERE b.arrived_at >= $since
ORDER BY q.batch DESC, q.position LIMIT $most
