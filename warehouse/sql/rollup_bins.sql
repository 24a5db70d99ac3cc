-- Counts of one histogram. Grain: window x key of "rollup_keys" x bin. $digest: the metric; other
-- parameters as rollup_sums.
SELECT (epoch_us(window_start) - epoch_us($start)) // $width::BIGINT AS "window", _key, bin, sum(items)::BIGINT AS items
FROM bins JOIN rollup_keys USING (rollout, release, arm, segment)
WHERE metric_digest = $digest AND window_start >= $start AND window_start < $end
  AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT)
GROUP BY ALL
