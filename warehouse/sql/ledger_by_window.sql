-- What sources brought, by the time the rows are of. Grain: one stretch of $width microseconds (from the Unix epoch on)
-- with rows. $start <= window_start < $end (UTC); $source: NULL for all. Counts in rows.
SELECT make_timestamptz((epoch_us(window_start) // $width::BIGINT) * $width::BIGINT) AS stretch,
       sum(accepted)::BIGINT, sum(restated)::BIGINT, sum(late)::BIGINT
FROM window_counts
WHERE window_start >= $start::TIMESTAMPTZ AND window_start < $end::TIMESTAMPTZ
  AND ($source::VARCHAR IS NULL OR source = $source)
GROUP BY stretch ORDER BY stretch
