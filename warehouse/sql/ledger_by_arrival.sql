-- What sources brought, by the time it came. Grain: one stretch of $width microseconds (from the Unix epoch on) with a
-- batch. $start <= arrived_at < $end (UTC); $source: NULL for all. Counts in rows.
SELECT make_timestamptz((epoch_us(arrived_at) // $width::BIGINT) * $width::BIGINT) AS stretch,
       sum(received)::BIGINT, sum(accepted)::BIGINT, sum(duplicate)::BIGINT, sum(restated)::BIGINT,
       sum(quarantined)::BIGINT, sum(late)::BIGINT
FROM batches
WHERE arrived_at >= $start::TIMESTAMPTZ AND arrived_at < $end::TIMESTAMPTZ
  AND ($source::VARCHAR IS NULL OR source = $source)
GROUP BY stretch ORDER BY stretch
