-- Batches of the ledger, newest first. Grain: one batch. $source: NULL for all; $restating: only batches with a restated
-- row; $limit, $offset: which part.
SELECT * FROM batches
WHERE ($source::VARCHAR IS NULL OR source = $source) AND (NOT $restating::BOOLEAN OR restated > 0)
ORDER BY batch DESC LIMIT $limit OFFSET $offset
