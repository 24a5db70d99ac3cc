-- What some metrics came to, by stretch of time. Grain: metric x rollout x stretch with rows; parameters as
-- measured_trend, $digests: the metrics.
SELECT metric_digest, rollout, make_timestamptz((epoch_us(window_start) // $width::BIGINT) * $width::BIGINT) AS stretch,
       sum(items)::BIGINT, sum(unscored)::BIGINT, sum(total)::DOUBLE, sum(total_squares)::DOUBLE, max(window_start)
FROM cells
WHERE list_contains($digests::VARCHAR[], metric_digest) AND window_start >= $start::TIMESTAMPTZ
  AND window_start < $end::TIMESTAMPTZ
GROUP BY metric_digest, rollout, stretch
HAVING sum(items) <> 0
ORDER BY metric_digest, rollout, stretch
