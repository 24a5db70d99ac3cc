-- Grain: one window x one value of a unit that came after batch $after, up to batch $through, in one slice. Windows in
-- which anything was taken back since (a session that went on, a restated row) are left out: their units are not new.
-- $digest: the metric; $start, $end: half-open span of window starts. Values in millionths.
WITH came AS (
    SELECT window_start, low, high, scored, sum(units) AS units
    FROM units
    WHERE metric_digest = $digest AND window_start >= $start AND window_start < $end
      AND batch > $after::BIGINT AND batch <= $through::BIGINT
      AND {scope}
    GROUP BY window_start, low, high, scored
    HAVING sum(units) <> 0
)
SELECT window_start, low, high, scored, units
FROM came
WHERE window_start NOT IN (SELECT window_start FROM came WHERE units < 0)
ORDER BY window_start, low, high, scored
