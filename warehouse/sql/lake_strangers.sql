-- The first copied batch that this warehouse does not know, or knows as another one. No row: the lake is this one's.
SELECT min(copied.batch)
FROM lake.gatehold_batches AS copied
LEFT JOIN batches AS own USING (batch, source, stream, file, content_digest, arrived_at)
WHERE own.received IS NULL
