-- Deltas of one metric's units over a chunk. Grain: batch x window x rollout x release x arm x segment x value.
-- $digest: the metric; $window: its length in microseconds. missing_low, missing_high: what a unit's unscored rows are
-- worth at least and at most, in millionths; both NULL where they are left out of the mean. The mean is rounded half
-- away from zero, in integers. Composed in: the table that takes them, and the units.
INSERT INTO {into}units
WITH unit AS (
    {rows}
),
summed AS (
    SELECT *, CASE WHEN missing_low IS NULL THEN items - unscored ELSE items END AS valued,
           total + coalesce(missing_low, 0) AS sum_low, total + coalesce(missing_high, 0) AS sum_high
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
