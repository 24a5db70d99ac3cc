-- Event rows of some batches. Grain: batch, in order. $batches: numbers. rows: those that the batch brought.
SELECT batch, accepted + restated AS rows
FROM batches
WHERE batch IN (SELECT unnest($batches::BIGINT[]))
ORDER BY batch
