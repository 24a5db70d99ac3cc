-- Counts of a histogram. Grain: one bin with rows; parameters as measured_trend.
SELECT bin, sum(items)::BIGINT AS items
FROM bins
WHERE metric_digest = $digest AND window_start >= $start::TIMESTAMPTZ AND window_start < $end::TIMESTAMPTZ AND {scope}
GROUP BY bin
HAVING sum(items) <> 0
ORDER BY bin
