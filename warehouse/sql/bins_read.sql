-- Grain: one window x one bin with rows. Sums over deltas up to $through (a batch; NULL: all) of one slice.
-- $digest: the metric; $start, $end: half-open span of window starts.
SELECT window_start, bin, sum(items) AS items
FROM bins
WHERE metric_digest = $digest AND window_start >= $start AND window_start < $end
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
  AND {scope}
GROUP BY window_start, bin
HAVING sum(items) <> 0
ORDER BY window_start, bin
