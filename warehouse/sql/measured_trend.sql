-- What a metric came to, by stretch of time. Grain: one stretch with rows of one slice; $width: its length in
-- microseconds, from the Unix epoch on. $digest: the metric; $start, $end: half-open span of window starts. Sums in
-- millionths (squares: millionths squared).
SELECT make_timestamptz((epoch_us(window_start) // $width::BIGINT) * $width::BIGINT) AS stretch,
       sum(items)::BIGINT, sum(unscored)::BIGINT, sum(total)::DOUBLE, sum(total_squares)::DOUBLE, max(window_start)
FROM cells
WHERE metric_digest = $digest AND window_start >= $start::TIMESTAMPTZ AND window_start < $end::TIMESTAMPTZ AND {scope}
GROUP BY stretch
HAVING sum(items) <> 0
ORDER BY stretch
