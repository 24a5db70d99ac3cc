-- The first window with rows of a metric in one slice. $digest: the metric; $through: newest batch (NULL: all).
SELECT min(window_start)
FROM (
    SELECT window_start FROM cells
    WHERE metric_digest = $digest AND ($through::BIGINT IS NULL OR batch <= $through::BIGINT) AND {scope}
    GROUP BY window_start HAVING sum(items) > 0
)
