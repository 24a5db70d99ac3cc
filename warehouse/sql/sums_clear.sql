-- Takes the sums of some batches of a stream away. $stream, $batches.
DELETE FROM batch_rows WHERE stream = $stream AND list_contains($batches::BIGINT[], batch)
