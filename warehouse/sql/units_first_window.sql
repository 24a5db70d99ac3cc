-- The first window in which a unit of a metric closed, in one slice. $digest: the metric; $through: newest batch
-- (NULL: all).
SELECT min(window_start)
FROM (
    SELECT window_start FROM units
    WHERE metric_digest = $digest AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT) AND {scope}
    GROUP BY window_start HAVING sum(units) > 0
)
