-- Batches of the ledger, oldest first.
-- Grain: one batch. $source, $stream: NULL for all; $after_batch: only newer ones; $since < arrived_at <= $until (UTC),
-- NULL for no bound.
SELECT * FROM batches
WHERE ($source::VARCHAR IS NULL OR source = $source) AND ($stream::VARCHAR IS NULL OR stream = $stream)
  AND batch > $after_batch
  AND ($since::TIMESTAMPTZ IS NULL OR arrived_at > $since) AND ($until::TIMESTAMPTZ IS NULL OR arrived_at <= $until)
ORDER BY batch
