-- Grain: one window x one value of a unit. Sums over deltas up to $through (a batch; NULL: all) of one slice.
-- $digest: the metric; $start, $end: half-open span of window starts. Values in millionths.
SELECT window_start, low, high, scored, sum(units) AS units
FROM units
WHERE metric_digest = $digest AND window_start >= $start AND window_start < $end
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
  AND {scope}
GROUP BY window_start, low, high, scored
HAVING sum(units) <> 0
ORDER BY window_start, low, high, scored
