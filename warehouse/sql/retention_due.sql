-- The last batch of a stream ('' for all) up to which every batch arrived before $bound (UTC); NULL when none did after
-- batch $after. Batches may be numbered out of the order of arrival where a past moment was replayed.
WITH mine AS (
    SELECT batch, arrived_at FROM batches WHERE batch > $after AND ($stream = '' OR stream = $stream)
)
SELECT max(batch) FROM mine
WHERE batch < coalesce((SELECT min(batch) FROM mine WHERE arrived_at >= $bound), 9223372036854775807)
