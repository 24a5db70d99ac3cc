-- Values of the units of a metric. Grain: one value of a unit with all of its rows scored; parameters as measured_trend.
-- Values in millionths.
SELECT low, sum(units)::BIGINT AS units
FROM units
WHERE metric_digest = $digest AND window_start >= $start::TIMESTAMPTZ AND window_start < $end::TIMESTAMPTZ AND scored
  AND low = high AND {scope}
GROUP BY low
HAVING sum(units) <> 0
ORDER BY low
