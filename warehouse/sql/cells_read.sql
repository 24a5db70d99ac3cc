-- Grain: one window with rows. Sums over deltas up to $through (a batch; NULL: all) of one slice.
-- $digest: the metric; $start, $end: half-open span of window starts. Values in millionths.
SELECT window_start, sum(items) AS items, sum(unscored) AS unscored, sum(total) AS total,
       sum(total_squares) AS total_squares
FROM cells
WHERE metric_digest = $digest AND window_start >= $start AND window_start < $end
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
  AND {scope}
GROUP BY window_start
HAVING sum(items) <> 0 OR sum(unscored) <> 0
ORDER BY window_start
