-- Takes away what is noted of some batches of a stream. $stream, $batches.
DELETE FROM batch_parts WHERE stream = $stream AND list_contains($batches::BIGINT[], batch)
