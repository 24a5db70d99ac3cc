-- Whether the batches of a chunk superseded any row that was known before. $first, $last: smallest and largest batch.
SELECT count(*) > 0
FROM {events}
WHERE closed_by BETWEEN $first::BIGINT AND $last::BIGINT AND closed_by <> batch
