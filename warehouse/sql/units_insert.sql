-- Deltas of one metric's units over a chunk. Grain: batch x window x rollout x release x arm x segment x value.
-- $digest: the metric; $window: its length in microseconds; $low, $high: ends of its range in millionths, both NULL
-- where it has none: unscored rows are left out of the mean then. The mean is rounded half away from zero, in integers.
INSERT INTO units
WITH unit AS (
    {rows}
),
summed AS (
    SELECT *, CASE WHEN $low::BIGINT IS NULL THEN items - unscored ELSE items END AS valued,
           total + CASE WHEN $low::BIGINT IS NULL THEN 0 ELSE unscored * $low::HUGEINT END AS sum_low,
           total + CASE WHEN $low::BIGINT IS NULL THEN 0 ELSE unscored * $high::HUGEINT END AS sum_high
    FROM unit
)
SELECT $digest::VARCHAR, _batch,
       to_timestamp((_at - (_at % $window::BIGINT + $window::BIGINT) % $window::BIGINT) / 1000000),
       rollout, release, arm, segment,
       coalesce(sign(sum_low) * ((2 * abs(sum_low) + valued) // nullif(2 * valued, 0)), 0) AS low,
       coalesce(sign(sum_high) * ((2 * abs(sum_high) + valued) // nullif(2 * valued, 0)), 0) AS high,
       unscored < items AS scored,
       sum(_sign) AS units
FROM summed
GROUP BY ALL
HAVING units <> 0
