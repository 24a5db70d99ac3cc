-- What a metric came to in each slice of some traffic. Grain: one value of one of rollout, release, arm, segment (told
-- by kind), the largest first, at most $most of each. Other parameters as measured_trend.
SELECT kind, name, items, unscored, total, squares, newest
FROM (
    SELECT CASE WHEN grouping(rollout) = 0 THEN 'rollout' WHEN grouping(release) = 0 THEN 'release'
                WHEN grouping(arm) = 0 THEN 'arm' ELSE 'segment' END AS kind,
           coalesce(rollout, release, arm, segment) AS name, sum(items)::BIGINT AS items,
           sum(unscored)::BIGINT AS unscored, sum(total)::DOUBLE AS total, sum(total_squares)::DOUBLE AS squares,
           max(window_start) AS newest
    FROM cells
    WHERE metric_digest = $digest AND window_start >= $start::TIMESTAMPTZ AND window_start < $end::TIMESTAMPTZ
      AND {scope}
    GROUP BY GROUPING SETS ((rollout), (release), (arm), (segment))
    HAVING sum(items) <> 0
)
QUALIFY row_number() OVER (PARTITION BY kind ORDER BY items DESC, name) <= $most
ORDER BY kind, items DESC, name
